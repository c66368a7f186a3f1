"""Streams the first visible sheet of a workbook: rows that hold something, in constant memory."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from integrations.sheets.reader import bounds, cells, problems, workbook
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.cells import Plain
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.xml import feed, local, parser

Row = tuple[int, list[Plain]]
LAST_ROW = 1_048_576
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Reading:
    """One sheet being read; `merged` is known at its end."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        self._archive = bounds.open_archive(file, limits)
        self._about = workbook.first_sheet(self._archive)
        self.sheet = self._about.name
        self.merged: list[str] = []

    def __iter__(self) -> Iterator[Row]:
        texts = workbook.shared_texts(self._archive, self._limits.cell)
        dates = workbook.date_formats(self._archive)
        values = _Values(texts, dates, since_1904=self._about.since_1904, longest=self._limits.cell)
        rows = _Rows(values, self._limits, self.merged)
        with workbook.part(self._archive, self._about.part) as stream:
            for _ in feed(rows.parser, stream):
                yield from rows.take()


class _Values:
    """Turns a cell's type, text and style into its value."""

    def __init__(self, texts: list[str], dates: frozenset[str], *, since_1904: bool, longest: int) -> None:
        self._texts, self._dates, self._since_1904, self._longest = texts, dates, since_1904, longest
        self._by_type: dict[str, Callable[[str, str], Plain]] = {
            "n": self._number,
            "s": self._shared,
            "str": self._text,
            "inlineStr": self._text,
            "b": lambda text, _style: text.strip() in {"1", "true"},
            "e": lambda text, _style: cells.flaw(problems.ERROR, text),
            "d": lambda text, _style: cells.iso_moment(text.strip()),
        }

    def read(self, kind: str, text: str, style: str) -> Plain:
        reader = self._by_type.get(kind)
        return reader(text, style) if reader else cells.flaw(problems.DAMAGED, text)

    def _number(self, text: str, style: str) -> Plain:
        text = text.strip()
        if not text:
            return None
        return cells.moment(text, since_1904=self._since_1904) if style in self._dates else cells.number(text)

    def _shared(self, text: str, _style: str) -> Plain:
        if not text.strip().isdecimal() or len(text) > 9 or int(text) >= len(self._texts):
            return cells.flaw(problems.DAMAGED, text)
        return self._bounded(self._texts[int(text)])

    def _text(self, text: str, _style: str) -> Plain:
        return self._bounded(cells.unescape(text))

    def _bounded(self, text: str) -> Plain:
        if len(text) > self._longest:
            return cells.flaw(problems.LENGTH, text)
        return text if text and not text.isspace() else None


class _Rows:
    """The parser's handlers: they collect finished rows for `take`."""

    def __init__(self, values: _Values, limits: Limits, merged: list[str]) -> None:
        self._values, self._limits, self._merged = values, limits, merged
        self._ready: list[Row] = []
        self._columns: dict[str, int] = {}
        self._number = self._found = 0
        self._row: dict[int, Plain] = {}
        self._column, self._size = -1, 0
        self._kind = self._style = ""
        self._formula = False
        self._pieces: list[str] = []
        self.parser = parser()
        self.parser.StartElementHandler = self._root

    def take(self) -> list[Row]:
        taken, self._ready[:] = self._ready[:], []
        return taken

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
        self._column = self._column_of(given) if given else self._column + 1
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
            raise Unreadable("too_wide", cell=f"{letters(self._column)}{self._number}", limit=self._limits.columns)
        self._size += len(value) if isinstance(value, str) else 8
        if self._size > self._limits.line:
            raise Unreadable("row_too_long", row=self._number)
        self._row[self._column] = value

    def _end_row(self) -> None:
        if not self._row:
            return
        self._found += 1
        if self._found > self._limits.rows:
            raise Unreadable("too_many_rows", limit=self._limits.rows)
        row = self._row
        self._ready.append((self._number, [row.get(at) for at in range(max(row) + 1)]))
        self._row = {}

    def _column_of(self, reference: str) -> int:
        name = reference.rstrip("0123456789")
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = column_number(name)
        return column


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
