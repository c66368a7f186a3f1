"""What the rows of an export are narrowed by: only what a resource names, with values that can be."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext as _

from integrations.sheets.columns import NO, YES
from project.core.errors import InvalidParameters

LONGEST = 100
MOST_IDS = 1_000
SEARCH, IDS = "search", "ids"
Reader = Callable[[Any], Any]
Filter = tuple[str | Callable[[Any], Q], Reader]
"""A look-up of the model, or what makes a condition of a value; and what reads the value."""


def flag(value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in YES | NO:
        raise ValueError(text)
    return text in YES


def whole(value: Any) -> int:
    number = int(str(value)[:20])
    if abs(number) >= 2**63:
        raise ValueError(value)
    return number


def text(value: Any) -> str:
    found = str(value)
    if len(found) > LONGEST or "\0" in found:
        raise ValueError
    return found


def words(sought: str) -> list[str]:
    """What is sought, word by word as the lists of the back office do; in quotes it is one."""
    return [unescape_string_literal(bit) if bit[:1] in {'"', "'"} else bit for bit in smart_split(sought)]


def ids(value: Any) -> list[int]:
    """Primary keys, with commas between them or as a list."""
    given = value if isinstance(value, list) else str(value).split(",")
    if len(given) > MOST_IDS:
        raise ValueError(len(given))
    return [whole(one) for one in given]


def one_of(choices: type[models.Choices]) -> Reader:
    """Only a value of these."""

    def read(value: Any) -> Any:
        found = {str(known.value): known for known in choices}
        if str(value) not in found:
            raise ValueError(value)
        return found[str(value)]

    return read


def asked(filters: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the filters with their values read.

    :raises InvalidParameters: naming every filter that is not there, and every value that cannot be.
    """
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in filters.items():
        if name not in readers:
            known = ", ".join(sorted(readers))
            wrong.append(_("There is no filter “{name}”; known are: {known}.").format(name=name[:40], known=known))
            continue
        try:
            found[name] = readers[name](value)
        except (TypeError, ValueError, ValidationError):
            said = str(value)[:40]
            wrong.append(_("The filter “{name}” cannot be “{value}”.").format(name=name, value=said))
    if wrong:
        raise InvalidParameters(fields={"filters": wrong})
    return found


def narrowed(
    rows: "models.QuerySet[Any]",
    filters: Mapping[str, Any],
    *,
    readers: Mapping[str, Filter],
    search: Sequence[str],
) -> "models.QuerySet[Any]":
    """Return the rows that all filters let through.

    :raises InvalidParameters: see `asked`.
    """
    known = _known(readers, search)
    given = asked(filters, {name: reader for name, (_lookup, reader) in known.items()})
    for name, value in given.items():
        lookup = known[name][0]
        rows = rows.filter(Q(**{lookup: value}) if isinstance(lookup, str) else lookup(value))
    return rows


def in_words(filters: Mapping[str, Any], *, readers: Mapping[str, Filter], search: Sequence[str]) -> dict[str, str]:
    """Values of filters as people call them; one that cannot be stays as it was given."""
    known = _known(readers, search)
    found: dict[str, str] = {}
    for name, value in filters.items():
        try:
            found[name] = _told(known[name][1](value))
        except (KeyError, TypeError, ValueError, ValidationError):
            found[name] = str(value)
    return found


def _told(value: Any) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case models.Choices():
            return str(value.label)
        case datetime():
            return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        case list():
            return ", ".join(map(str, value))
    return str(value)


def _known(readers: Mapping[str, Filter], search: Sequence[str]) -> dict[str, Filter]:
    known: dict[str, Filter] = {IDS: ("pk__in", ids)}
    if search:
        known[SEARCH] = (lambda sought: anywhere(search, sought), text)
    return {**known, **readers}


def anywhere(fields: Sequence[str], sought: str) -> Q:
    """Each word that is sought stands in one of the fields."""
    found = Q()
    for word in words(sought):
        found &= reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
    return found
