"""The tests marked `every_database`, once more on PostgreSQL and on MariaDB, in a run of their own."""

import os
import subprocess
import sys

import pytest

from project import env
from tests import environment

pytestmark = [pytest.mark.services, pytest.mark.longest, pytest.mark.timeout(1800)]


def test_holds_what_sqlite_holds(engine, tmp_path):
    environment.need(environment.ENGINES[engine])
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    marked = [
        str(file) for file in sorted(env.ROOT.glob("tests/**/test_*.py")) if ".every_database" in file.read_text()
    ]
    command = ["-m", "pytest", *marked, "-m", "every_database", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-cov"]

    done = subprocess.run(
        [sys.executable, *command, "--basetemp", str(tmp_path / "inner")],
        cwd=env.ROOT,
        env=ours | environment.services | {"TEST_ON": engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1700,
        check=False,
    )

    if done.returncode:
        pytest.fail(f"On {engine}, exit code {done.returncode}:\n{done.stdout[-20_000:]}", pytrace=False)
    assert " passed" in done.stdout
