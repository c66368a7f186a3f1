"""Rows on their way in: what a sheet says, and what that means."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from integrations.sheets.reader.process import Cell, Flaw

NEW, CHANGED, UNCHANGED, BAD = "new", "changed", "unchanged", "bad"
KINDS = (NEW, CHANGED, UNCHANGED, BAD)
SHOWN = 80
BLANKS = " \u3000\xa0"
"""What does not count around a text."""


class Given(NamedTuple):
    """One row of a sheet: its number there, and its cells by the name of their column."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(slots=True)
class Checked:
    """What one row means. `values` are its cells without secrets; `changes` name old and new; `errors` say what is wrong.

    `given` are the values of a new row; `instance` is what the row is about, or nothing where no instance was needed to tell.
    """

    number: int
    key: str = ""
    kind: str = NEW
    values: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)
    instance: Any = None
    many: dict[str, Any] = field(default_factory=dict)
    has_secrets: bool = False
    given: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of the row until the import is confirmed: never a secret."""
        return {
            "number": self.number,
            "key": self.key,
            "kind": self.kind,
            "values": self.values,
            "changes": self.changes,
            "errors": self.errors,
        }


def count(rows: Iterable[Checked]) -> dict[str, int]:
    counted = Counter(row.kind for row in rows)
    return {kind: counted[kind] for kind in KINDS}


def key_lines(rows: Iterable[tuple[str, str]]) -> str:
    """The keys of a chunk's rows (kind and key), to search in: a line each, the first letter of the row's kind before its key."""
    return "\n".join(f"{kind[0]}{' '.join(key.split()).casefold()}" for kind, key in rows)


def same(old: Any, new: Any) -> bool:
    """Tell whether a cell says what is there already; blanks around a text do not count, nor does NULL against empty."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new or old.strip(BLANKS) == new
    return old == new or (old in (None, "") and new in (None, ""))


def says_something(value: Any) -> bool:
    """Tell whether a value is one; for a new row everything else is the model's own default."""
    return bool(value) or value is False


def said(problem: Exception) -> str:
    return " ".join(problem.messages) if isinstance(problem, ValidationError) else str(problem)


def shown(cell: Cell) -> str:
    text = cell.text if isinstance(cell, Flaw) else str(cell)
    return text[:SHOWN]
