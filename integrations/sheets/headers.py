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


BY_HAND, AS_LAST_TIME = "hand", "last_time"


class Header(NamedTuple):
    """What stands at the head of a sheet's column, and what becomes of it. `column` is "" when it is ignored.

    `how` it was matched: by its name (""), by hand, or as it was by hand last time.
    """

    place: str
    text: str
    column: str
    why: str
    how: str = ""


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
    row: Sequence[str],
    columns: Sequence[Column],
    mapping: Mapping[str, str | None] | None = None,
    remembered: Mapping[str, str] | None = None,
) -> list[Header]:
    """Say of every column of the sheet what it is; `mapping` (place → column name or None) was made by hand and wins.

    `remembered` (normal header → column name or "") is what was made by hand last time; it counts for columns that no
    other header names.

    :raises UnreadableFile: when required columns are missing or some stand there twice; it names them.
    """
    headers = guess(row, columns, mapping, remembered)
    _refuse_doubled(headers, {column.name: column for column in columns})
    _refuse_missing(headers, columns, row)
    return headers


def guess(
    row: Sequence[str],
    columns: Sequence[Column],
    mapping: Mapping[str, str | None] | None = None,
    remembered: Mapping[str, str] | None = None,
) -> list[Header]:
    """What `match` finds, whether it will do or not: for whoever goes on by hand."""
    known = names(columns)
    by_name = {column.name: column for column in columns}
    mapping = mapping or {}
    named = {mapping.get(letters(at)) or getattr(known.get(normal(text)), "name", "") for at, text in enumerate(row)}
    headers: list[Header] = []
    for at, text in enumerate(row):
        place, last_time = letters(at), (remembered or {}).get(normal(text))
        if place in mapping:
            headers.append(_header(place, text, by_name.get(mapping[place] or ""), BY_HAND))
        elif text and last_time is not None and (not last_time or last_time not in named):
            headers.append(_header(place, text, by_name.get(last_time), AS_LAST_TIME))
        elif text:
            headers.append(_header(place, text, known.get(normal(text))))
    return headers


def _header(place: str, text: str, column: Column | None, how: str = "") -> Header:
    text = text[:100]
    if column is None:
        return Header(place, text, "", _("left out by hand") if how else _("not a known column"), how)
    if column.never:
        return Header(place, text, "", str(column.never), how)
    if column.readonly:
        return Header(place, text, "", _("only shown, never imported"), how)
    return Header(place, text, column.name, "", how)


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
