"""What the contestants stand on: a database with an office in it, and a file with people for it.

python -m benchmarks.sheets.ground office        departments, roles and heads, in the database of the environment
python -m benchmarks.sheets.ground sheet N FILE  a workbook of N people
python -m benchmarks.sheets.ground crowd N       N people, in the database of the environment
python -m benchmarks.sheets.ground changes N FILE  a workbook of the same people, each with another nickname and mail address
"""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.figures import ROOT

HEADERS = [
    *("username", "real_name", "nickname", "gender", "phone"),
    *("email", "department", "manager", "roles", "is_active"),
]
DEPARTMENTS, ROLES, HEADS = 40, 5, 50
BOSS = "benchboss"
GENDERS = {"unknown": 0, "male": 1, "female": 2}
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋"


class Ground:
    """A folder with what is made once; every contestant gets a copy of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._office = folder / "office.sqlite3"
        self.furnish(f"sqlite:///{self._office}")

    def furnish(self, url: str) -> dict[str, str]:
        """Put an office into an empty database; return the environment of who works there."""
        _run("office", **self.environment(url))
        return self.environment(url)

    def environment(self, url: str) -> dict[str, str]:
        return {
            "GATEHOUSE_HOME": str(self._folder / "home"),
            "GATEHOUSE_ENV": "dev",
            "SECRET_KEY": "b" * 64,
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "LOG_LEVEL": "warning",
            "IMPORT_MAX_UNZIPPED": "1GB",
            "DJANGO_SETTINGS_MODULE": "project.settings",
        }

    def sheet(self, number: int, kind: str = "sheet") -> Path:
        """A workbook of so many people, or of `changes` to them."""
        path = self._folder / f"{kind}-{number}.xlsx"
        if not path.exists():
            _run(kind, str(number), str(path), **self.environment(f"sqlite:///{self._office}"))
        return path

    def fresh(self, source: Path | None = None) -> dict[str, str]:
        """The environment of a contestant: a database nobody has touched since it was made."""
        copy = self._folder / "contest.sqlite3"
        for old in self._folder.glob("contest.sqlite3*"):
            old.unlink()
        shutil.copy(source or self._office, copy)
        return self.environment(f"sqlite:///{copy}")

    def crowd(self, number: int) -> Path:
        """A database with so many people in it."""
        _run("crowd", str(number), **self.fresh())
        kept = self._folder / f"crowd-{number}.sqlite3"
        shutil.move(self._folder / "contest.sqlite3", kept)
        return kept


def changes(number: int) -> Iterator[list[object]]:
    """The rows of the same people, two cells of each different."""
    for n, row in enumerate(people(number)):
        yield [*row[:2], f"called {n}", *row[3:5], f"new{n:07}@example.com", *row[6:]]


def people(number: int) -> Iterator[list[object]]:
    """Rows under `HEADERS`, every one different, always the same."""
    for n in range(number):
        yield [
            f"bench{n:07}",
            SURNAMES[n % 10] + GIVEN[n // 10 % 10] + GIVEN[n // 100 % 10],
            f"nick {n}",
            ("female", "male", "unknown")[n % 3],
            f"1{30_000_000_00 + n}",
            f"bench{n:07}@example.com",
            department(n % DEPARTMENTS),
            f"head{n % HEADS:04}",
            role(n % ROLES) if n % 4 == 0 else None,
            "yes",
        ]


def department(n: int) -> str:
    return f"Department {n:02}"


def role(n: int) -> str:
    return f"Role {n}"


def _office() -> None:
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    models = importlib.import_module("accounts.models")
    group = importlib.import_module("django.contrib.auth.models").Group
    models.User.objects.create_superuser(BOSS, password=None)
    for n in range(DEPARTMENTS):
        models.Department.objects.create(name=department(n))
    for n in range(ROLES):
        models.Role.objects.create(group=group.objects.create(name=role(n)), key=f"role{n}", rank=n + 1)
    joined = datetime(2024, 2, 29, 9, 30, tzinfo=UTC)
    models.User.objects.bulk_create(
        models.User(username=f"head{n:04}", password="!", date_joined=joined) for n in range(HEADS)
    )


def _sheet(rows: Iterator[list[object]], path: str) -> None:
    """Written as spreadsheet programs do: texts stand in a part of their own and cells point there."""
    workbook = importlib.import_module("benchmarks.sheets.peers").workbook(path)
    sheet = workbook.add_worksheet("People")
    for at, row in enumerate([HEADERS, *rows]):
        sheet.write_row(at, 0, row)
    workbook.close()


def _crowd(number: int) -> None:
    insert = importlib.import_module("integrations.sheets.inserting").insert
    user = importlib.import_module("accounts.models").User
    departments = dict(importlib.import_module("accounts.models").Department.objects.values_list("name", "pk"))
    heads = dict(user.objects.values_list("username", "pk"))
    groups = dict(importlib.import_module("django.contrib.auth.models").Group.objects.values_list("name", "pk"))
    first = max(heads.values()) + 1
    rows = enumerate(people(number), start=first)
    while batch := list(islice(rows, 10_000)):
        texts = ("username", "real_name", "nickname", "phone", "email")
        made = [dict(zip(HEADERS, row, strict=True)) for _pk, row in batch]
        insert(
            user,
            [
                {name: row[name] for name in texts}
                | {
                    "gender": GENDERS[str(row["gender"])],
                    "department_id": departments[row["department"]],
                    "manager_id": heads[row["manager"]],
                }
                for row in made
            ],
        )
        members = [(pk, groups[row[8]]) for pk, row in batch if row[8]]
        insert(user.groups.through, [{"user_id": pk, "group_id": group} for pk, group in members])
    assert user.objects.count() == number + len(heads)
    assert user.objects.filter(username=f"bench{number - 1:07}", pk=first + number - 1).exists()


def _run(*arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "benchmarks.sheets.ground", *arguments]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True)


if __name__ == "__main__":
    importlib.import_module("django").setup()
    match sys.argv[1:]:
        case ["office"]:
            _office()
        case ["sheet", number, path]:
            _sheet(people(int(number)), path)
        case ["changes", number, path]:
            _sheet(changes(int(number)), path)
        case ["crowd", number]:
            _crowd(int(number))
    # who copies the file copies all of it: what SQLite keeps in a second one goes in with the last line to it
    importlib.import_module("django.db").connections.close_all()
