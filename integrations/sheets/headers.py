"""Which column of a sheet is which column of a resource."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from integrations.sheets.columns import Column
from integrations.sheets.errors import REASONS, UnreadableFile
from integrations.sheets.reader.process import Cell, Flaw
from integrations.sheets.reader.xlsx import letters

SHOWN = 20


class Header(NamedTuple):
    """What stands at the head of a sheet's column, and what becomes of it. `column` is "" when it is ignored."""

    place: str
    text: str
    column: str
    why: str


def normal(text: str) -> str:
    """Forget what people do not mean: case, width of letters, spaces, underscores, a closing colon or asterisk."""
    return re.sub(r"[\s_\-*:/.]+", "", unicodedata.normalize("NFKC", text)).casefold()


def texts(cells: Sequence[Cell]) -> list[str]:
    return [_text(cell) for cell in cells]


def names(columns: Iterable[Column]) -> dict[str, Column]:
    """Every spelling under which a column may be found: field name, aliases, label in each language."""
    known: dict[str, Column] = {}
    for column in columns:
        spellings = [column.name, *column.aliases]
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                spellings.append(str(column.label))
        known |= {normal(spelling): column for spelling in spellings}
    return known


def looks_like_header(row: Sequence[str], columns: Sequence[Column]) -> bool:
    """Tell whether every required column is named in the row."""
    known = names(columns)
    found = {known[normal(text)].name for text in row if normal(text) in known}
    return all(column.name in found for column in columns if column.required)


def match(
    row: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str | None] | None = None
) -> list[Header]:
    """Say of every column of the sheet what it is; `mapping` (place → column name or None) was made by hand and wins.

    :raises UnreadableFile: when required columns are missing or some stand there twice; it names them.
    """
    known = names(columns)
    by_name = {column.name: column for column in columns}
    headers: list[Header] = []
    for at, text in enumerate(row):
        place = letters(at)
        if mapping is not None and place in mapping:
            chosen = by_name.get(mapping[place] or "")
            headers.append(_header(place, text, chosen, by_hand=True))
        elif text:
            headers.append(_header(place, text, known.get(normal(text)), by_hand=False))
    _refuse_doubled(headers, by_name)
    _refuse_missing(headers, columns, row)
    return headers


def guess(row: Sequence[str], columns: Sequence[Column]) -> list[Header]:
    """What can be told of headers that do not match as they should, for whoever goes on by hand."""
    known = names(columns)
    placed = ((letters(at), text) for at, text in enumerate(row) if text)
    return [_header(place, text, known.get(normal(text)), by_hand=False) for place, text in placed]


def _header(place: str, text: str, column: Column | None, *, by_hand: bool) -> Header:
    text = text[:100]
    if column is None:
        return Header(place, text, "", _("left out by hand") if by_hand else _("not a known column"))
    if column.never:
        return Header(place, text, "", str(column.never))
    if column.readonly:
        return Header(place, text, "", _("only shown, never imported"))
    return Header(place, text, column.name, "")


def _refuse_doubled(headers: list[Header], columns: Mapping[str, Column]) -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for header in headers:
        if header.column:
            places[header.column].append(f"{header.text or columns[header.column].label} ({header.place})")
    doubled = [", ".join(each) for each in places.values() if len(each) > 1]
    if doubled:
        raise UnreadableFile(REASONS["doubled_columns"], columns="; ".join(doubled))


def _refuse_missing(headers: list[Header], columns: Sequence[Column], row: Sequence[str]) -> None:
    found = {header.column for header in headers}
    missing = [str(column.label) for column in columns if column.required and column.name not in found]
    if missing:
        seen = ", ".join(text[:40] for text in row if text)
        raise UnreadableFile(REASONS["missing_columns"], columns=", ".join(missing), found=seen[:400] or "–")


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, Flaw):
        return ""
    return unicodedata.normalize("NFKC", str(cell)).strip()
