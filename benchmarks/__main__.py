"""`make bench`: measure everything, or what is named: `make bench ARGS="startup"`."""

import importlib
import sys

from benchmarks.figures import Figure, publish, save, table
from benchmarks.gateway import goals
from benchmarks.sheets import goals as sheets_goals

BLOCKS = {
    "benchmarks": ("startup", "answers"),
    "authentication": ("authentication", "refreshing"),
    "databases": ("databases",),
    "door": ("door",),
    "gateway": ("gateway.fanout", "gateway.crowd", "gateway.nodes", "gateway.stuck"),
    "listing": ("gateway.listing",),
    "push": ("push",),
    "ending": ("ending",),
    "restarts": ("rolling",),
    "sms": ("sms.sending", "sms.enqueuing", "sms.kills"),
    "jenkins": ("jenkins.states", "jenkins.watching"),
    "sheets": ("sheets.importing", "sheets.exporting"),
    "sheets on PostgreSQL": ("sheets.postgres",),
}
"""Which block of docs/performance.md shows which modules."""
TABLES = {"gateway": goals.table, "sheets": sheets_goals.table}
"""Blocks that are not simply a row for each figure."""


def main() -> None:
    """Measure, print, and write results and docs."""
    for block, names in BLOCKS.items():
        wanted = [name for name in names if {name, name.partition(".")[0]} & {*sys.argv[1:]} or len(sys.argv) == 1]
        figures = [figure for name in wanted for figure in measured(name)]
        if wanted == list(names):
            publish(block, TABLES.get(block, table)(figures))


def measured(name: str) -> list[Figure]:
    """Measure with one module, keep and print its figures."""
    sys.stdout.write(f"Measuring {name}\n")
    sys.stdout.flush()
    figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").measure()
    save(name, figures)
    sys.stdout.write("".join(f"  {one.what:60} {one}\n" for one in figures))
    return figures


if __name__ == "__main__":
    main()
