"""Rows of a sheet by column, many at once: what is done with a whole column costs a fraction of the same done cell by cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

from integrations.sheets.packing import Packed
from integrations.sheets.reader.process import Cell, Row
from integrations.sheets.rows import Given


class Batch(NamedTuple):
    """Rows of a sheet: their numbers there, and the cells of each column that has a name."""

    numbers: Sequence[int]
    cells: Mapping[str, Sequence[Cell]]

    @classmethod
    def of(cls, rows: Sequence[Row], at: Iterable[tuple[str, int]]) -> "Batch":
        """Name the cells of rows by their columns (name and place); rows with nothing in them are left out."""
        by_place: list[Sequence[Cell]] = [*zip_longest(*[row.cells for row in rows])]
        nothing: Sequence[Cell] = (None,) * len(rows)
        cells = {name: by_place[place] if place < len(by_place) else nothing for name, place in at}
        every = cls([row.number for row in rows], cells)
        if any(None not in column for column in cells.values()):
            return every
        return every.only([at for at in range(len(rows)) if any(column[at] is not None for column in cells.values())])

    @classmethod
    def kept(cls, packed: Packed) -> "Batch | None":
        """The rows of a chunk that are kept by column."""
        if isinstance(packed, list):
            return None
        return cls(packed["numbers"], dict(zip(packed["names"], packed["cells"], strict=True)))

    def only(self, places: Sequence[int]) -> "Batch":
        """Some of the rows, by their places here."""
        if len(places) == len(self.numbers):
            return self
        cells = {name: [column[at] for at in places] for name, column in self.cells.items()}
        return Batch([self.numbers[at] for at in places], cells)

    def rows(self) -> list[Given]:
        """The rows one by one."""
        names = [*self.cells]
        return [
            Given(number, dict(zip(names, cells, strict=True)))
            for number, cells in zip(self.numbers, zip(*self.cells.values(), strict=True), strict=True)
        ]


@dataclass(slots=True)
class Certain:
    """New rows that are certainly right. `places` are theirs in the batch; `keys` is how they will be found.

    `cells` are what stands in the sheet; `values` what they stand for, DEFAULT where they say nothing; `shown` how these
    are shown, None likewise. None of them holds a secret.
    """

    places: Sequence[int] = ()
    numbers: Sequence[int] = ()
    keys: Sequence[str] = ()
    cells: Mapping[str, Sequence[Cell]] = field(default_factory=dict)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    shown: Mapping[str, Sequence[Cell]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.places)
