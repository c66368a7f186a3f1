"""`make bench`: measure everything, or what is named on the command line."""

import importlib
import sys

from benchmarks.figures import publish, save, table

MEASURED = ("startup", "answers")


def main() -> None:
    """Measure, print, and write results and docs."""
    wanted = sys.argv[1:] or MEASURED
    everything = []
    for name in wanted:
        sys.stdout.write(f"Measuring {name}\n")
        sys.stdout.flush()
        figures = importlib.import_module(f"benchmarks.{name}").measure()
        save(name, figures)
        everything += figures
        sys.stdout.write("".join(f"  {one.what:60} {one}\n" for one in figures))
    if not sys.argv[1:]:
        publish("benchmarks", table(everything))


if __name__ == "__main__":
    main()
