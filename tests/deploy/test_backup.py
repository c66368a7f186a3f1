"""The commands of docs/operations.md, run as they stand there: out of one house, into another."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from project.env import ROOT
from tests.clients import Caller, until
from tests.nodes import databases
from tests.office import Office

pytestmark = pytest.mark.timeout(300)
LEFT_OUT = ["django_celery_beat", "sessions", "realtime"]
"""What every start and every sweep may touch, and models without tables."""


def commands(what: str) -> str:
    """Return the block of the page that follows `<!-- run: what -->`."""
    page = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(rf"<!-- run: {what} -->\n```sh\n(.*?)```", page, re.DOTALL)
    assert found, f"docs/operations.md has no block to run for {what!r}"
    return found[1]


def run(what: str, office: Office, backup: Path) -> None:
    """Do as the page says, with the office's settings in the shell."""
    address = urlsplit(office.settings.get("DATABASE_URL", ""))
    given = {
        "BACKUP": str(backup),
        "GATEHOUSE_HOME": str(office.home),
        "DATABASE_URL": address.geturl(),
        "DB_HOST": address.hostname or "",
        "DB_PORT": str(address.port or ""),
        "DB_USER": address.username or "",
        "DB_PASSWORD": address.password or "",
        "DB_NAME": address.path.lstrip("/"),
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", commands(what)], env=os.environ | given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{what}:\n{done.stdout}{done.stderr}"


def everything(office: Office) -> list[dict[str, Any]]:
    """Return every row of the database."""
    given = office.manage("dumpdata", "--all", *(f"--exclude={app}" for app in LEFT_OUT))
    assert given.returncode == 0, given.stderr
    return sorted(json.loads(given.stdout), key=lambda row: (row["model"], str(row["pk"])))


def an_export(caller: Caller) -> str:
    """Let the house write a file, and return where it is downloaded."""
    answer = caller.post("exports/", {"resource": "users", "format": "xlsx"})
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    until(lambda: caller.get(f"exports/{job}").json()["state"] == "done", "the export is written")
    return f"exports/{job}/download"


@contextmanager
def database(engine: str) -> Iterator[dict[str, str]]:
    opened: Any = {"postgresql": databases.postgres, "mysql": databases.mariadb}.get(engine, lambda: nullcontext(""))
    with opened() as url:
        yield {"DATABASE_URL": url}


@pytest.mark.attack("T-F-12")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql"])
def test_a_house_moves_with_everything_and_nobody_has_to_sign_in(engine, tmp_path):
    backup = tmp_path / "backup"
    backup.mkdir()
    with database(engine) as here, database(engine) as there:
        old = Office(tmp_path / "old", **here)
        new = Office(tmp_path / "new", **there)
        with old:
            keeper = old.sign_in()
            for number in range(3):
                keeper.post("departments/", {"name": f"部门 {number} “quoted” 😀"})
            path = an_export(keeper)
            file = keeper.get(path).content
            run(f"back up {engine}", old, backup)  # while it runs
            run("back up files", old, backup)
        kept = everything(old)

        new.home.mkdir()
        run(f"restore {engine}", new, backup)
        run("restore files", new, backup)

        assert everything(new) == kept
        with new:
            keeper.url = new.url
            assert "Preparing the database" not in new.output
            assert keeper.get("auth/me").json()["username"] == "admin"
            assert keeper.refresh().status_code == 200
            assert keeper.get("departments/").json()["count"] >= 3
            assert keeper.get(path).content == file
