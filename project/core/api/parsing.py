"""JSON as the API takes it: one object, in UTF-8, of values that can be stored and sent back."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, Never

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import JSONParser

from project.core import errors

DEEPEST = 64
LARGEST_INTEGER = 2**63 - 1
TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class StrictJSONParser(JSONParser):
    """Parses an object or raises 10000 saying where it went wrong, 10011 when it is too large; never anything else."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the body's object."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise errors.TooLarge()
        return parsed(body)


def parsed(body: bytes) -> dict[str, Any]:
    """Return the object in `body`.

    :raises InvalidParameters: with the place of the first thing wrong.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _wrong(_("The body is not valid UTF-8: byte {place}."), place=problem.start) from problem
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer)
    except json.JSONDecodeError as problem:
        where = {"line": problem.lineno, "column": problem.colno}
        raise _wrong(_("The body is not valid JSON: line {line}, column {column}."), **where) from problem
    except RecursionError as problem:
        raise _too_deep(text) from problem
    if text.count("[") + text.count("{") > DEEPEST and _too_deep_at(text) is not None:
        raise _too_deep(text)
    if not isinstance(value, dict):
        raise _wrong(_("The body must be a JSON object."))
    if SUSPECT_ESCAPE.search(text):
        _check_texts(value)
    return value


def _refuse_constant(name: str) -> Never:
    raise _wrong(_("{name} is not a JSON number."), name=name)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _wrong(_("The number {digits} is too large."), digits=_short(digits))
    return number


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(number := int(digits)) > LARGEST_INTEGER:
        raise _wrong(_("The number {digits} is too large."), digits=_short(digits))
    return number


def _check_texts(value: Any) -> None:
    for place, text in _texts(value, ""):
        if "\x00" in text:
            raise _wrong(_("{place} contains a NUL character."), place=place or _("A name"))
        try:
            text.encode()
        except UnicodeEncodeError as problem:
            raise _wrong(_("{place} contains half a character."), place=place or _("A name")) from problem


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield every text in `value` and where it stands; the depth is known to be bounded."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield place, name
            yield from _texts(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{number}]")


def _too_deep_at(text: str) -> int | None:
    depth = 0
    for token in TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                return token.start()
        elif token[0] in "]}":
            depth -= 1
    return None


def _too_deep(text: str) -> errors.InvalidParameters:
    place = (_too_deep_at(text) or 0) + 1
    return _wrong(_("The body is nested more than {deepest} deep: character {place}."), deepest=DEEPEST, place=place)


def _short(digits: str) -> str:
    return digits if len(digits) <= 24 else f"{digits[:20]}…"


def _wrong(message: str, **params: Any) -> errors.InvalidParameters:
    return errors.InvalidParameters(message.format(**params))
