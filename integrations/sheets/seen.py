"""Remembers which row of a sheet was the first to hold a value, packed: a large sheet has as many of them as rows."""

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any

AT_ONCE = 500


class Seen:
    """The values of one column, each with the number of the row that had it first.

    Kept in memory by SQLite, whatever database the project has: a dictionary takes five times as much.
    """

    def __init__(self) -> None:
        # one thread at a time works with a resource; which one is no matter
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        # nothing of it is ever taken back
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("CREATE TABLE seen (value PRIMARY KEY, number INTEGER) WITHOUT ROWID")

    def add(self, said: Iterable[tuple[Any, int]]) -> None:
        """Remember values with their rows; a value that is known already stays its first row's."""
        pairs = [(_stored(value), number) for value, number in said]
        self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", pairs)

    def first(self, value: Any, number: int) -> int:
        """Remember a value with its row, and return the first row that had it."""
        self.add([(value, number)])
        found: int = self._rows.execute("SELECT number FROM seen WHERE value = ?", [_stored(value)]).fetchone()[0]
        return found

    def among(self, values: Collection[Any]) -> set[Any]:
        """Which of these values were met before."""
        given = {_stored(value): value for value in values}
        stored = [*given]
        found: set[Any] = set()
        for start in range(0, len(stored), AT_ONCE):
            some = stored[start : start + AT_ONCE]
            places = ", ".join("?" * len(some))
            asked = f"SELECT value FROM seen WHERE value IN ({places})"  # noqa: S608 (nothing but question marks)
            found.update(given[value] for (value,) in self._rows.execute(asked, some))
        return found


def _stored(value: Any) -> str:
    return value if value.__class__ is str else repr(value)
