"""People taken in: checked, confirmed and written."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.sheets.ground import Ground
from benchmarks.sheets.meter import Cost, cost, told

SIZES = tuple(map(int, os.environ.get("BENCH_ROWS", "20000,100000").split(",")))
CONTESTANTS = {"Gatehouse": "product", "django-import-export": "stock", "floor": "floor"}
CHANGING = {"Gatehouse": "product", "django-import-export": "stock"}
CHANGED = SIZES[0]
"""So many people who are there already get another nickname and mail address."""
PASSWORDS = 200


def measure() -> list[Figure]:
    """Have each contestant take in the same file."""
    with TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        found = [
            figure
            for number in SIZES
            for name, module in CONTESTANTS.items()
            for figure in figures(name, f"import of {number}", taken_in(ground, module, number))
        ]
        found += _changed(ground, CHANGED)
        hashing = told("product", "passwords", PASSWORDS, **ground.fresh())["cpu"]
    each = Figure("Gatehouse: passwords: hashing one", 1000 * hashing / PASSWORDS, "ms", "CPU, on all cores at once")
    return [*found, each]


def _changed(ground: Ground, number: int) -> list[Figure]:
    people = ground.crowd(number)
    sheet, office = ground.sheet(number, "changes"), partial(ground.fresh, people)
    return [
        figure
        for name, module in CHANGING.items()
        for figure in figures(name, f"change of {number}", cost(module, "change", sheet, office=office))
    ]


def taken_in(ground: Ground, module: str, number: int) -> Cost:
    return cost(module, "import", ground.sheet(number), office=ground.fresh)


def figures(name: str, work: str, seen: Cost) -> list[Figure]:
    """CPU, memory, and what the contestant says of itself."""
    parts = ", ".join(f"{part} {seen.about[part]:.2f} s" for part in ("check", "write") if part in seen.about)
    child = f"{seen.child:.1f} MiB of it in a child process" if seen.child else ""
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        Figure(f"{name}: {work}: CPU", seen.cpu, "s", "; ".join(filter(None, (parts, load)))),
        Figure(f"{name}: {work}: memory", seen.memory, "MiB", child),
        *_of_the_product(name, work, seen),
    ]


def _of_the_product(name: str, work: str, seen: Cost) -> list[Figure]:
    if "longest" not in seen.about:
        return []
    by_clock = f"by its own CPU; the longest by the clock, of a shared machine, {seen.about['longest']:.0f} ms"
    return [
        Figure(
            f"{name}: {work}: worker's memory", seen.own, "MiB", "at its own highest; what the child took is not in it"
        ),
        Figure(f"{name}: {work}: longest transaction", seen.about["busiest"], "ms", by_clock),
    ]
