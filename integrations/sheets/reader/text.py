"""Streams comma-separated text: UTF-8 or GBK, with commas, semicolons or tabs."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from integrations.sheets.reader import cells, problems
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.cells import Plain
from integrations.sheets.reader.problems import Unreadable

GUARDED = "=+-@\t\r'"
"""A text that starts with one of these is written with an apostrophe before it, so that no program computes it."""
_SAMPLE = 1 << 16


class Reading:
    """One text being read."""

    sheet = ""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        self.merged: list[str] = []
        self._lines = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
        csv.field_size_limit(limits.line)

    def __iter__(self) -> Iterator[tuple[int, list[Plain]]]:
        sample = self._lines.read(_SAMPLE)
        self._lines.seek(0)
        first = sample.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        found = 0
        try:
            for number, row in enumerate(csv.reader(self._lines, delimiter=delimiter, strict=True), start=1):
                values = self._values(row)
                if not values:
                    continue
                found += 1
                if found > self._limits.rows:
                    raise Unreadable("too_many_rows", limit=self._limits.rows)
                if sum(map(len, row)) > self._limits.line:
                    raise Unreadable("row_too_long", row=number)
                yield number, values
        except UnicodeDecodeError as damage:
            raise Unreadable("encoding") from damage
        except csv.Error as damage:
            raise Unreadable("damaged") from damage

    def _values(self, row: list[str]) -> list[Plain]:
        values: list[Plain] = [self._value(text) for text in row]
        while values and values[-1] is None:
            values.pop()
        if len(values) > self._limits.columns:
            raise Unreadable("too_wide", cell=str(len(values)), limit=self._limits.columns)
        return values

    def _value(self, text: str) -> Plain:
        if len(text) > self._limits.cell:
            return cells.flaw(problems.LENGTH, text)
        if text[:1] == "'" and text[1:2] and text[1] in GUARDED:
            text = text[1:]
        return text if text and not text.isspace() else None


def _encoding(file: BinaryIO) -> str:
    """Find the encoding by reading the whole text once, piece by piece."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        try:
            while piece := text.read(_SAMPLE):
                if "\0" in piece:
                    raise Unreadable("not_text")
        except UnicodeDecodeError:
            continue
        else:
            return encoding
        finally:
            text.detach()
            file.seek(0)
    raise Unreadable("encoding")
