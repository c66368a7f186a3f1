"""The table of OWASP's requirements names tests that exist, once each, in order."""

import ast
import re
from collections.abc import Iterator

from tests.docs.blocks import DOCS, ROOT

NAMED = re.compile(r"`((?:\w+/)+test_\w+\.py(?:::\w+)*)`")


def rows() -> list[list[str]]:
    """Requirement, what it is about, what answers for it."""
    table = (DOCS / "security.md").read_text().partition("## OWASP ASVS 5.0")[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"][2:]


def is_there(named: str) -> bool:
    """Is there such a test, class or file below `tests/`?"""
    place, *names = named.split("::")
    file = ROOT / "tests" / place
    if not file.is_file():
        return False
    body: list[ast.stmt] = ast.parse(file.read_text()).body
    for name in names:
        found = [one for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == name]
        if not found:
            return False
        body = found[0].body
    return True


def numbers() -> Iterator[tuple[int, ...]]:
    for requirement, *_ in rows():
        yield tuple(int(part) for part in requirement.split(",")[0].split("."))


class TestRequirements:
    def test_name_tests_that_exist(self):
        named = [name for *_, answer in rows() for name in NAMED.findall(answer)]

        assert len(named) > 80
        assert [name for name in named if not is_there(name)] == []

    def test_each_say_something(self):
        assert [row for row in rows() if len(row) != 3 or not all(row)] == []

    def test_stand_in_their_order(self):
        assert list(numbers()) == sorted(numbers())

    def test_stand_there_once(self):
        each = [one.strip() for requirement, *_ in rows() for one in requirement.split(",")]

        assert [one for one in set(each) if each.count(one) > 1] == []
