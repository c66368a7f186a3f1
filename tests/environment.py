"""Where the tests run: a home of their own, and none of the operator's settings.

`TEST_ON=postgres` or `TEST_ON=mysql` runs the tests of our own process on that engine instead of SQLite.

A pytest plugin (`-p tests.environment` in pyproject.toml), because Django reads its settings before the first
conftest.py is read. Every process of a parallel run gets its own home, thus its own database file.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from project import env

SERVICES = {
    "REDIS_URL": "Redis",
    "REDIS_CLUSTER_URL": "a Redis Cluster",
    "TEST_POSTGRES_URL": "PostgreSQL",
    "TEST_MYSQL_URL": "MariaDB or MySQL",
    "TEST_MYSQL_REPLICA_URL": "a replica of it",
    "RABBITMQ_URL": "RabbitMQ",
    "CHROMIUM_PATH": "Chromium",
}
"""The variables that name a real server or program a test may need."""

ENGINES = {"postgres": "TEST_POSTGRES_URL", "mysql": "TEST_MYSQL_URL"}
"""What TEST_ON may say, and the variable that names its server."""

SERVICES_FILE = env.ROOT / "var" / "services.env"


def written_services() -> dict[str, str]:
    """Return what `make services` wrote."""
    if not SERVICES_FILE.exists():
        return {}
    lines = SERVICES_FILE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def set_apart() -> dict[str, str]:
    """Take the real servers' addresses out of the environment: the product under test runs embedded."""
    given = written_services() | {name: os.environ[name] for name in SERVICES if os.environ.get(name)}
    return {name: address for name, address in given.items() if name in SERVICES}


def settle() -> Path:
    """Point the environment at a throw-away home; an empty variable also hides the one in `.env`."""
    home = Path(tempfile.mkdtemp(prefix=f"gatehouse-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"))
    os.environ.update({name: "" for name, _ in env.about()})
    os.environ.update(GATEHOUSE_ENV="test", GATEHOUSE_HOME=str(home), LOG_FORMAT="console")
    if engine := os.environ.get("TEST_ON"):
        # tests of many threads at once have more than a request's: the pool is tested by itself
        os.environ.update(DATABASE_URL=database_on(engine), DATABASE_POOL_SIZE="60")
    return home


def database_on(engine: str) -> str:
    """Return the address of a database nobody else uses; the tests make their own beside it, named after it."""
    if not (server := services.get(ENGINES.get(engine, ""))):
        raise pytest.UsageError(f"TEST_ON={engine}: expected {' or '.join(ENGINES)}, with its server running")
    return urlsplit(server)._replace(path=f"/gatehouse_{secrets.token_hex(4)}").geturl()


services = set_apart()
home = settle()
migrated = home / "migrated.sqlite3"
"""A database as the migrations leave it, once the tests of this process have one."""


def required() -> bool:
    """Say whether a missing server is a failure (CI) rather than a reason to skip."""
    return os.environ.get("REQUIRE_SERVICES", "") not in {"", "0"}


def need(name: str) -> str:
    """Return the address of the real server `name`, or skip; in CI: fail."""
    if address := services.get(name):
        return address
    missing(f"{name} is not set: this test needs {SERVICES[name]}; `make services` starts one")
    raise AssertionError("unreachable")


def missing(reason: str) -> None:
    """Skip the test for `reason`; in CI: fail it."""
    if required():
        pytest.fail(f"{reason} (REQUIRE_SERVICES=1)", pytrace=False)
    pytest.skip(reason)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(home, ignore_errors=True)
