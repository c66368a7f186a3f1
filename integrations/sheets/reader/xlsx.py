"""Streams the first visible sheet of a workbook: rows that hold something, in constant memory."""

from collections.abc import Callable, Iterator

from integrations.sheets.reader import bounds, cells, plain, problems, workbook
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.cells import Plain
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.texts import BITS, LAST
from integrations.sheets.reader.values import Values
from integrations.sheets.reader.xml import local, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

Row = tuple[int, list[Plain]]
LAST_ROW = 1_048_576
LESSONS = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Reading:
    """One sheet being read; `merged` is known at its end."""

    def __init__(self, file: "BinaryIO", limits: Limits) -> None:
        self._limits = limits
        self._archive = bounds.open_archive(file, limits)
        self._about = workbook.first_sheet(self._archive)
        self.sheet = self._about.name
        self.merged: list[str] = []

    def __iter__(self) -> Iterator[Row]:
        texts = workbook.shared_texts(self._archive, self._limits.cell)
        dates = workbook.date_formats(self._archive)
        values = Values(texts, dates, since_1904=self._about.since_1904, longest=self._limits.cell)
        rows = _Rows(values, self._limits, self.merged)
        for run in plain.runs(workbook.part(self._archive, self._about.part), rows.parser, plain.ROWS):
            rows.plain(run)
            yield from rows.take()


class _Rows:
    """The parser's handlers: they collect finished rows for `take`."""

    def __init__(self, values: Values, limits: Limits, merged: list[str]) -> None:
        self._values, self._limits, self._merged = values, limits, merged
        self._ready: list[Row] = []
        self._columns: dict[str, int] = {}
        # of these, those within the limits that have been met
        self._near: dict[str, int] = {}
        self._uniform: Callable[[str], list[tuple[str, ...]]] | None = None
        self._lessons = 0
        self._number = self._found = 0
        self._row: dict[int, Plain] = {}
        self._column, self._size = -1, 0
        self._kind = self._style = ""
        self._formula = False
        self._pieces: list[str] = []
        self.parser = parser()
        self.parser.StartElementHandler = self._root

    def take(self) -> list[Row]:
        taken, self._ready = self._ready, []
        return taken

    def plain(self, run: str) -> None:
        """Take rows that need no parser."""
        if not self._take_uniform(run):
            self._take_any(run)
            self._learn(run)

    def _take_uniform(self, run: str) -> bool:
        """Take rows of nothing but shared texts, all columns of a row at once; return False when there are others."""
        found = self._uniform(run) if self._uniform else []
        blocks = self._values.texts.blocks
        if len(found) != run.count("<row ") or not found:
            return False
        try:
            rows = [
                [blocks[(at := int(place)) >> BITS][at & LAST] if place else None for place in places]
                for _number, *places in found
            ]
        except IndexError:
            return False
        for (number, *_places), row in zip(found, rows, strict=True):
            self._number = _row_number(number)
            while row and row[-1] is None:
                row.pop()
            if row:
                self._check_size(row, 0)
                self._finish(row)
        return True

    def _learn(self, run: str) -> None:
        """Expect what follows to be like the last of these rows, unless that was in vain a few times."""
        last = run.rfind("<row ")
        names = [cell[0] for _number, within in plain.rows_in(run[last:]) for cell in plain.cells_in(within)]
        expected = [letters(at) for at in range(len(names))]
        if names == expected and self._lessons < LESSONS and 0 < len(names) <= self._limits.columns:
            self._lessons += 1
            self._uniform = plain.uniform(names)
        else:
            self._uniform = None

    def _take_any(self, run: str) -> None:
        """Take rows cell by cell. Every cell passes here, so the two commonest things are done in place."""
        near, shared, read = self._near, self._values.texts.of, self._values.plain
        for number, within in plain.rows_in(run):
            self._number = _row_number(number)
            row: list[Plain] = []
            for name, style, kind, inline, formula, text in plain.cells_in(within):
                value = shared(text) if kind == "s" and text else read(kind, style, inline, formula, text)
                if value is None:
                    continue
                if near.get(name) == len(row):
                    row.append(value)
                else:
                    self._put(row, name, value)
            if row:
                self._check_size(row, len(within))
                self._finish(row)

    def _check_size(self, row: list[Plain], written: int) -> None:
        limit = self._limits.line
        if written + len(row) * self._values.texts.longest > limit and sum(map(size, row)) > limit:
            raise Unreadable("row_too_long", row=self._number)

    def _put(self, row: list[Plain], name: str, value: Plain) -> None:
        at = self._column_named(name)
        if at >= self._limits.columns:
            raise self._too_wide(at)
        self._near[name] = at
        if at < len(row):
            row[at] = value
        else:
            row += [None] * (at - len(row))
            row.append(value)

    def _root(self, name: str, _attributes: dict[str, str]) -> None:
        prefix = name.removesuffix(local(name))
        starts = {"c": self._start_cell, "row": self._start_row, "v": self._capture, "t": self._capture}
        starts |= {"f": self._start_formula, "rPh": self._start_reading, "mergeCell": self._merge}
        ends = {"c": self._end_cell, "row": self._end_row, "v": self._release, "t": self._release}
        self._starts = {prefix + tag: handler for tag, handler in starts.items()}
        ends_by_name = {prefix + tag: handler for tag, handler in ends.items()} | {f"{prefix}rPh": self._end_reading}
        find_start, find_end = self._starts.get, ends_by_name.get

        def start(name: str, attributes: dict[str, str]) -> None:
            if handler := find_start(name):
                handler(attributes)

        def end(name: str) -> None:
            if handler := find_end(name):
                handler()

        self._start = start
        self.parser.StartElementHandler, self.parser.EndElementHandler = start, end

    def _start_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        self._number = _row_number(given) if given else self._number + 1
        self._row, self._column, self._size = {}, -1, 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        self._column = self._column_named(given.rstrip("0123456789")) if given else self._column + 1
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._formula = False

    def _start_formula(self, _attributes: dict[str, str]) -> None:
        self._formula = True

    def _start_reading(self, _attributes: dict[str, str]) -> None:
        self.parser.StartElementHandler = None

    def _end_reading(self) -> None:
        self.parser.StartElementHandler = self._start

    def _capture(self, _attributes: dict[str, str]) -> None:
        self.parser.CharacterDataHandler = self._pieces.append

    def _release(self) -> None:
        self.parser.CharacterDataHandler = None

    def _merge(self, attributes: dict[str, str]) -> None:
        if len(self._merged) < 1_000:
            self._merged.append(attributes.get("ref", ""))

    def _end_cell(self) -> None:
        text = "".join(self._pieces)
        self._pieces.clear()
        if not text and self._kind != "e":
            if self._formula and self._kind != "str":
                self._keep(cells.flaw(problems.FORMULA))
            return
        value = self._values.read(self._kind, text, self._style)
        if value is not None:
            self._keep(value)

    def _keep(self, value: Plain) -> None:
        if self._column >= self._limits.columns:
            raise self._too_wide(self._column)
        self._size += size(value)
        if self._size > self._limits.line:
            raise Unreadable("row_too_long", row=self._number)
        self._row[self._column] = value

    def _end_row(self) -> None:
        if self._row:
            self._finish([self._row.get(at) for at in range(max(self._row) + 1)])
            self._row = {}

    def _finish(self, row: list[Plain]) -> None:
        self._found += 1
        if self._found > self._limits.rows:
            raise Unreadable("too_many_rows", limit=self._limits.rows)
        self._ready.append((self._number, row))

    def _too_wide(self, column: int) -> Unreadable:
        return Unreadable("too_wide", cell=f"{letters(column)}{self._number}", limit=self._limits.columns)

    def _column_named(self, name: str) -> int:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = column_number(name)
        return column


def size(value: Plain) -> int:
    """Return about how much a value takes on its way."""
    return len(value) if isinstance(value, str) else 8


def letters(column: int) -> str:
    """Return a column's name: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = _LETTERS[rest] + name
    return name


def column_number(name: str) -> int:
    """Return a column's number from its name; the inverse of `letters`."""
    if not 1 <= len(name) <= 3:
        raise Unreadable("damaged")
    number = 0
    for letter in name.upper():
        if letter not in _LETTERS:
            raise Unreadable("damaged")
        number = number * 26 + _LETTERS.index(letter) + 1
    return number - 1


def _row_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 7 or not 1 <= int(text) <= LAST_ROW:
        raise Unreadable("damaged")
    return int(text)
