"""From the text in a workbook to the value a person sees: numbers, escapes, and what is no value at all."""

import math
import re

from integrations.sheets.reader.problems import DAMAGED, DIGITS

Plain = str | int | float | bool | dict[str, str] | None
"""A cell as it travels between the processes: dates and flaws are one-key objects."""

MAX_DIGITS = 20
_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_PATTERN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def flaw(kind: str, text: str = "") -> dict[str, str]:
    return {"flaw": kind, "text": text[:60]}


def is_date_format(number: int, code: str | None) -> bool:
    """Tell whether a number format shows dates or times."""
    if code is None:
        return number in _BUILT_IN_DATES
    pattern = _NOT_PATTERN.sub("", code.split(";")[0]).lower()
    if pattern == "general":
        return False
    return any(letter in pattern for letter in "dmyhs") or bool(re.search(r"\[(h+|m+|s+)\]", code.lower()))


def unescape(text: str) -> str:
    """Undo the `_x000D_` spelling of characters that XML cannot hold."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    # an emoji may be spelled as two halves; half an emoji is nothing anybody can store
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(text: str) -> Plain:
    """Read a number exactly: whole ones as integers whatever their length, others as floats."""
    digits = text[1:] if text[:1] == "-" else text
    if digits.isdecimal() and digits.isascii():
        return int(text) if len(digits) <= MAX_DIGITS else flaw(DIGITS, text)
    try:
        value = float(text)
    except ValueError:
        return flaw(DAMAGED, text)
    if not math.isfinite(value):
        return flaw(DAMAGED, text)
    # -0.0 and 12.0 are whole numbers to whoever looks at the sheet
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
