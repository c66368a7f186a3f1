"""The same people in and out on a PostgreSQL of its own process: what that costs here, and there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks.databases import cpu, listener
from benchmarks.figures import Figure
from benchmarks.sheets import meter
from benchmarks.sheets.ground import Ground
from benchmarks.sheets.importing import SIZES, figures
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
        works = [("import", ground.sheet(number))]
        if module == "product":
            works.append(("export", ground.sheet(number).with_suffix(".out.xlsx")))
        with _office(ground) as (office, server):
            spent = [_told(server, module, work, path, number, **office) for work, path in works]
        with _office(ground) as (office, _server):
            watched = [meter.memory(module, *_arguments(work, path, number), **office) for work, path in works]
        for (work, _path), (told, there), group in zip(works, spent, watched, strict=True):
            what = f"{work} of {number}"
            found += figures(name, what, meter.together(told, group))
            found.append(Figure(f"{name}: {what}: the server's CPU", there, "s", "on top, in another process"))
    return found


def _told(
    server: int, module: str, work: str, path: Path, number: int, **office: str
) -> tuple[Mapping[str, Any], float]:
    """What a contestant tells of its work, and the CPU seconds of the server meanwhile."""
    before = cpu(server)
    told = meter.told(module, *_arguments(work, path, number), **office)
    return told, cpu(server) - before


def _arguments(work: str, path: Path, number: int) -> list[str]:
    return [work, str(path), *([str(number)] if work == "export" else [])]


@contextmanager
def _office(ground: Ground) -> Iterator[tuple[dict[str, str], int]]:
    """An office in a database of its own, and the process of the server."""
    database = Database("postgres")
    database.create()
    try:
        yield ground.furnish(database.url), listener(urlsplit(database.url).port or 0)
    finally:
        database.drop()
