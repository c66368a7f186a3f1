"""What is wanted of sheets, and whether the figures show it."""

from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.sheets import exporting, importing

MINE, STOCK, FLOOR = "Gatehouse", "django-import-export", "floor"
Goal = tuple[str, str, float | None, bool]
"""What, the bound in words, what was measured, whether that will do."""


def table(figures: Sequence[Figure]) -> str:
    """Return the goals, then all figures."""
    seen = {one.what: one.value for one in figures}
    lines = ["| goal | wanted | measured | |", "|---|---|---|---|", *(_row(goal) for goal in _goals(seen))]
    lines += ["", "| what | figure | how |", "|---|---|---|"]
    return "\n".join(lines + [f"| {one.what} | {one} | {one.how} |" for one in figures])


def _goals(seen: dict[str, float]) -> list[Goal]:
    works = [f"{kind} of {number}" for kind in ("import", "export") for number in importing.SIZES]
    found = [goal for work in works for goal in _compared(seen, work)]
    works.append(f"change of {importing.CHANGED}")
    for work in works:
        if not work.startswith("export"):
            found.append(_at_most(seen, f"{work}: the worker's memory", f"{MINE}: {work}: worker's memory", 150))
            found.append(
                _at_most(seen, f"{work}: the longest transaction, ms", f"{MINE}: {work}: longest transaction", 200)
            )
    many = f"export of {exporting.MANY}"
    return [*found, _at_most(seen, f"{many}: memory", f"{MINE}: {many}: memory", 200)]


def _compared(seen: dict[str, float], work: str) -> list[Goal]:
    slower = _ratio(seen, f"{MINE}: {work}: CPU", f"{FLOOR}: {work}: CPU")
    return [
        *_against_stock(seen, work),
        (f"{work}: CPU against the floor", "≤ 4 ×", slower, slower is not None and slower <= 4),
    ]


def _against_stock(seen: dict[str, float], work: str) -> list[Goal]:
    cpu, memory = (f"{{}}: {work}: {measure}" for measure in ("CPU", "memory"))
    faster = _ratio(seen, cpu.format(STOCK), cpu.format(MINE))
    smaller = _ratio(seen, memory.format(MINE), memory.format(STOCK))
    return [
        (f"{work}: CPU against {STOCK}", "≥ 10 × less", faster, faster is not None and faster >= 10),
        (f"{work}: memory against {STOCK}", "≤ 0.33 ×", smaller, smaller is not None and smaller <= 1 / 3),
    ]


def _at_most(seen: dict[str, float], what: str, name: str, limit: float) -> Goal:
    value = seen.get(name)
    return what, f"≤ {limit:.0f}", value, value is not None and value <= limit


def _ratio(seen: dict[str, float], upper: str, lower: str) -> float | None:
    return seen[upper] / seen[lower] if upper in seen and seen.get(lower) else None


def _row(goal: Goal) -> str:
    what, wanted, value, met = goal
    if value is None:
        return f"| {what} | {wanted} | not measured | |"
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
    return f"| {what} | {wanted} | **{shown}** | {'met' if met else '**missed**'} |"
