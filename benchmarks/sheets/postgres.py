"""The same people in and out on a PostgreSQL of its own process: what that costs here, and there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.databases import cpu, listener
from benchmarks.figures import Figure
from benchmarks.sheets.ground import Ground
from benchmarks.sheets.importing import SIZES, figures
from benchmarks.sheets.meter import cost
from tests.databases.databases import Database

IMPORTED = {"Gatehouse on PostgreSQL": "product", "floor on PostgreSQL": "floor"}


def measure() -> list[Figure]:
    """Have people taken in, and by the product out again."""
    with TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        return [figure for number in SIZES for figure in _measured(ground, number)]


def _measured(ground: Ground, number: int) -> list[Figure]:
    found: list[Figure] = []
    for name, module in IMPORTED.items():
        with _office(ground) as (office, server):
            found += _figures(
                name, f"import of {number}", server, module, "import", str(ground.sheet(number)), **office
            )
            if module == "product":
                path = str(ground.sheet(number).with_suffix(".out.xlsx"))
                found += _figures(name, f"export of {number}", server, module, "export", path, str(number), **office)
    return found


def _figures(name: str, work: str, server: int, module: str, *arguments: str, **office: str) -> list[Figure]:
    there = cpu(server)
    seen = cost(module, *arguments, **office)
    spent = Figure(f"{name}: {work}: the server's CPU", cpu(server) - there, "s", "on top, in another process")
    return [*figures(name, work, seen), spent]


@contextmanager
def _office(ground: Ground) -> Iterator[tuple[dict[str, str], int]]:
    """An office in a database of its own, and the process of the server."""
    database = Database("postgres")
    database.create()
    try:
        yield ground.furnish(database.url), listener(urlsplit(database.url).port or 0)
    finally:
        database.drop()
