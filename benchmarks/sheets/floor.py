"""The least that must be done: `python -m benchmarks.sheets.floor import|export|write …`.

The fastest reader and one `bulk_create`; the same writer as the product's, alone. Nothing is checked, compared or kept.
"""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.sheets import ground, meter, peers


def take_in(path: str) -> Mapping[str, float]:
    """Read the file and create what it says."""
    models = importlib.import_module("accounts.models")
    atomic = importlib.import_module("django.db.transaction").atomic
    departments = dict(models.Department.objects.values_list("name", "pk"))
    heads = dict(models.User.objects.values_list("username", "pk"))
    groups = dict(importlib.import_module("django.contrib.auth.models").Group.objects.values_list("name", "pk"))
    genders = {"unknown": 0, "male": 1, "female": 2}
    made, members = [], {}
    rows = iter(peers.rows(path))
    next(rows)
    for username, real_name, nickname, gender, phone, email, department, manager, role, _active in rows:
        made.append(
            models.User(
                username=username,
                password="!",
                real_name=real_name,
                nickname=nickname,
                gender=genders[gender],
                phone=phone,
                email=email,
                department_id=departments[department],
                manager_id=heads[manager],
            )
        )
        if role:
            members[username] = groups[role]
    with atomic():
        models.User.objects.bulk_create(made, batch_size=1_000)
        through = models.User.groups.through
        through.objects.bulk_create(
            [through(user_id=one.pk, group_id=members[one.username]) for one in made if one.username in members],
            batch_size=1_000,
        )
    return {"rows": float(len(made))}


def take_out(path: str, number: str) -> Mapping[str, float]:
    """Ask for plain values, row by row, and hand them to the writer."""
    people = importlib.import_module("accounts.models").User.objects.filter(username__startswith="bench")
    names = [{"department": "department__name", "manager": "manager__username"}.get(each, each) for each in _EXPORTED]
    return _written(path, people.values_list(*names).iterator(chunk_size=1_000))


def write_only(path: str, number: str) -> Mapping[str, float]:
    """Write rows that are there already."""
    return _written(path, (row[:8] + row[9:] for row in ground.people(int(number))))


_EXPORTED = [name for name in ground.HEADERS if name != "roles"]


def _written(path: str, rows: Iterator[Any]) -> Mapping[str, float]:
    excel = importlib.import_module("rustpy_xlsxwriter").FastExcel(path)
    excel.sheet("People", (dict(zip(_EXPORTED, row, strict=True)) for row in rows)).save()
    return {}


if __name__ == "__main__":
    importlib.import_module("django").setup()
    importlib.import_module("accounts.models")
    importlib.import_module("rustpy_xlsxwriter")
    meter.contest({"import": take_in, "export": take_out, "write": write_only})
