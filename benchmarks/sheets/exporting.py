"""People taken out, as a workbook."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.sheets.ground import Ground
from benchmarks.sheets.importing import SIZES, figures
from benchmarks.sheets.meter import cost

CONTESTANTS = {"Gatehouse": ("product", "export"), "django-import-export": ("stock", "export")}
FLOORS = {"floor": ("floor", "write"), "floor with its query": ("floor", "export")}
MANY = int(os.environ.get("BENCH_MANY", "1000000"))


def measure() -> list[Figure]:
    """Have each contestant write the same people; the largest list only the product and the floor."""
    with TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        found = [figure for number in SIZES for figure in _measured(ground, number, CONTESTANTS | FLOORS)]
        return found + (_measured(ground, MANY, {"Gatehouse": CONTESTANTS["Gatehouse"]} | FLOORS) if MANY else [])


def _measured(ground: Ground, number: int, contestants: dict[str, tuple[str, str]]) -> list[Figure]:
    people = ground.crowd(number)
    found: list[Figure] = []
    for name, (module, work) in contestants.items():
        path = people.with_suffix(f".{module}-{work}.xlsx")
        seen = cost(module, work, path, number, office=partial(ground.fresh, people))
        found += figures(name, f"export of {number}", seen)
        path.unlink()
    people.unlink()
    return found
