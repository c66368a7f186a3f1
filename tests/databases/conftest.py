"""Offices on real database servers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.databases.databases import Database, Way
from tests.office import Office

ENGINES = ("postgres", "mysql")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """PostgreSQL, then MariaDB."""
    return str(request.param)


@pytest.fixture
def database(engine: str) -> Iterator[Database]:
    """An empty database."""
    one = Database(engine)
    one.create()
    yield one
    one.drop()


class Branch:
    """An office with a small pool, its database, and the way between them."""

    def __init__(self, office: Office, database: Database, way: Way) -> None:
        self.office, self.database, self.way = office, database, way


POOL = 3


@pytest.fixture(scope="module")
def branch(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Branch]:
    """Shared by the tests of a module: each leaves it well."""
    database = Database(engine)
    database.create()
    server = urlsplit(database.server)
    way = Way(str(server.hostname), int(server.port or 0))
    home = tmp_path_factory.mktemp(engine) / "home"
    try:
        settings = {"DATABASE_URL": database.address(way.port), "DATABASE_POOL_SIZE": str(POOL)}
        with Office(home, MULTI_LOGIN="true", **settings) as office:
            yield Branch(office, database, way)
    finally:
        way.close()
        database.drop()


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Open an office on a database; it is closed before the database goes."""
    opened: list[Office] = []

    def start(database: Database, **settings: str) -> Office:
        one = Office(tmp_path / f"home-{len(opened)}", **{"DATABASE_URL": database.url} | settings)
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.__exit__()
