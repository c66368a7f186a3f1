"""Writes workbooks and comma-separated text, streaming, in constant memory.

What people typed stays what it is: a text that starts with = + - @ TAB or CR is a text cell in a workbook, never a
formula; in comma-separated text it gets an apostrophe, which the reader takes off again.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel, Format

from integrations.sheets import dropdowns
from integrations.sheets.columns import Column, Moment
from integrations.sheets.errors import ExportFailed
from integrations.sheets.reader.bounds import CSV, XLSX
from integrations.sheets.reader.process import Cell
from integrations.sheets.reader.text import GUARDED

LONGEST_LIST = 255
MOMENTS = "yyyy-mm-dd hh:mm:ss"
CONTENT_TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}
_EXACT = 10**15


class Head(NamedTuple):
    """How a column looks: header, width, the note on its header, the values its cells may take."""

    text: str
    width: float = 16
    note: str = ""
    choices: Sequence[str] = ()
    alarming: bool = False
    dated: bool = False
    several: bool = False


def heads(columns: Iterable[Column]) -> list[Head]:
    """The heads of a resource's columns, in the caller's language; no two alike."""
    made: dict[str, Head] = {}
    for column in columns:
        text = capfirst(str(column.label))
        made[text if text not in made else f"{text} ({column.name})"] = Head(
            text, column.width, str(column.note), dated=isinstance(column.widget, Moment), several=column.many
        )
    return [head._replace(text=text) for text, head in made.items()]


def written(kind: str, title: str, columns: Sequence[Head], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """Write a file and return it open; it has no name any more and is gone once closed."""
    with TemporaryDirectory(prefix="gatehouse-") as folder:
        path = Path(folder) / f"sheet.{kind}"
        if kind == CSV:
            _write_csv(path, columns, rows)
        else:
            _write_xlsx(path, title, columns, rows)
        return path.open("rb")


def _write_xlsx(path: Path, title: str, columns: Sequence[Head], rows: Iterable[Sequence[Cell]]) -> None:
    names = [head.text for head in columns]
    long = [head for head in columns if head.choices and not _fits(head)]
    sheet = FastExcel(path).format(datetime_format=MOMENTS).freeze(row=1)
    sheet.sheet(
        sheet_name(title),
        _records(names, rows),
        column_widths={head.text: head.width for head in columns},
        column_formats={head.text: _format(head) for head in columns},
        header_format=Format().set_bold().set_background_color("#0F766E").set_font_color("#FFFFFF"),
        notes={head.text: head.note for head in columns if head.note},
        data_validations={head.text: _choice(head, long) for head in columns if head.choices},
        ignore_errors=names,
        autofilter=True,
    )
    if long:
        lists = dropdowns.rows([head.choices for head in long])
        sheet.sheet(dropdowns.SHEET, lists, sheet_view={"hidden": True})
    try:
        sheet.save()
    except RuntimeError as problem:
        raise ExportFailed(_("A value does not fit into a cell: {problem}"), problem=str(problem)[:200]) from problem
    if long:
        dropdowns.refer(path, [len(head.choices) for head in long])


def _records(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[dict[str, Any]]:
    empty = True
    for row in rows:
        empty = False
        yield {name: _typed(cell) if cell.__class__ is int else cell for name, cell in zip(names, row, strict=True)}
    if empty:
        # the headers are taken from a row: an empty list still has them
        yield dict.fromkeys(names)


def _typed(number: Any) -> int | str:
    """Numbers beyond what a spreadsheet keeps are written as text, digit by digit."""
    return str(number) if abs(number) >= _EXACT else int(number)


def _format(head: Head) -> Format:
    if head.dated:
        return Format().set_num_format(MOMENTS)
    # text stays text when somebody edits it: no number, date or formula is made of it
    plain = Format().set_num_format("@")
    return plain.set_background_color("#FEE2E2").set_text_wrap() if head.alarming else plain


def _fits(head: Head) -> bool:
    """Tell whether the values fit into the rule itself, where commas part them."""
    joined = ",".join(head.choices)
    return bool(head.choices) and len(joined) <= LONGEST_LIST and joined.count(",") == len(head.choices) - 1


def _choice(head: Head, long: Sequence[Head]) -> dict[str, Any]:
    values = [dropdowns.placeholder(long.index(head))] if head in long else list(head.choices)
    # several may be given with commas between them: the list is then a help, not a fence
    style = "warning" if head.several else "stop"
    return {"type": "list", "values": values, "error_title": head.text, "error_style": style, "ignore_blank": True}


def _write_csv(path: Path, columns: Sequence[Head], rows: Iterable[Sequence[Cell]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([_guarded(head.text) for head in columns])
        lines.writerows([_guarded(cell) for cell in row] for row in rows)


def _guarded(cell: Cell) -> str:
    if cell is None:
        return ""
    text = cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)
    return f"'{text}" if isinstance(cell, str) and text[:1] in set(GUARDED) else text


def sheet_name(title: str) -> str:
    """Make of a title what a sheet may be called."""
    plain = "".join(" " if letter in "[]:*?/\\" else letter for letter in title).strip("' ")
    return plain[:31] or "Sheet1"
