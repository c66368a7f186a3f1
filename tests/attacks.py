"""`make attacks`: run the attack list of docs/security.md and print one line for each test of each id.

The lines go to standard output; how pytest gets on, to standard error.
"""

import re
import sys
from collections import defaultdict
from contextlib import redirect_stdout

import pytest

from project.env import ROOT

ATTACK = re.compile(r"^\| (T-[A-Z]+-\d+) \|", re.MULTILINE)
RANK = {"passed": 0, "skipped": 1, "failed": 2}


def listed() -> list[str]:
    """Return the ids of the list."""
    found = ATTACK.findall((ROOT / "docs" / "security.md").read_text())
    return list(dict.fromkeys(found))  # some stand once more where their tests are narrower


class Tally:
    """A pytest plugin that keeps only tests with an attack id, and remembers how each ended."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)
        self.outcomes: dict[str, str] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("attack"):
                self.tests[mark.args[0]].add(_name(item.nodeid))
        config.hook.pytest_deselected(items=[item for item in items if not item.get_closest_marker("attack")])
        items[:] = [item for item in items if item.get_closest_marker("attack")]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = _name(report.nodeid)
        known = self.outcomes.get(name, "passed")
        self.outcomes[name] = max(known, report.outcome, key=RANK.__getitem__)


def lines(tally: Tally) -> list[str]:
    """Return what is printed: a skipped test did not pass, so its attack is missing here."""
    words = []
    for attack in [*listed(), *sorted(set(tally.tests) - set(listed()))]:
        tests = sorted(tally.tests.get(attack, ()))
        words += [f"{attack}\t{_word(tally.outcomes.get(test, 'skipped'))}\t{test}" for test in tests]
        if not tests:
            words.append(f"{attack}\tmissing\t")
    return words


def _name(nodeid: str) -> str:
    """One name for all the values a test is tried with."""
    return nodeid.partition("[")[0]


def _word(outcome: str) -> str:
    return "missing" if outcome == "skipped" else outcome


def main() -> int:
    """Run, print, and return 1 when an attack got through."""
    tally = Tally()
    with redirect_stdout(sys.stderr):
        code = pytest.main(["-q", *sys.argv[1:]], plugins=[tally])
    sys.stdout.write("\n".join(lines(tally)) + "\n")
    return int(code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})


if __name__ == "__main__":
    sys.exit(main())
