"""The tables can be made, unmade and made again."""

from pathlib import Path

import pytest

from tests.databases.databases import Database
from tests.office import Office

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

THERE_AND_BACK = """
from django.core.management import call_command
from django.db import connection

for goal in ([], ["core", "zero"], ["accounts", "zero"], []):
    call_command("migrate", *goal, verbosity=0)
    tables = connection.introspection.table_names()
    print("tables:", *(name in tables for name in ("accounts_user", "sheets_importjob", "core_idempotencyrecord")))
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql"])
def test_go_forward_and_back(kind, tmp_path: Path):
    database = None if kind == "sqlite" else Database(kind)
    if database:
        database.create()
    try:
        office = Office(tmp_path / "home", **({"DATABASE_URL": database.url} if database else {}))
        done = office.manage("shell", "--no-imports", "-c", THERE_AND_BACK)
    finally:
        if database:
            database.drop()

    assert done.returncode == 0, done.stderr
    seen = [line for line in done.stdout.splitlines() if line.startswith("tables:")]
    everything = "tables: True True True"
    assert seen == [everything, "tables: True True False", "tables: False False False", everything]
