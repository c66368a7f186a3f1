"""From the text in a workbook to the value a person sees: numbers, dates, escapes, and what is no value at all."""

import math
import re
from datetime import date, datetime, time, timedelta

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


def moment(text: str, *, since_1904: bool) -> Plain:
    """Read a serial number as the date, time or both that its format shows."""
    try:
        serial = float(text)
        if not 0 <= serial < 2_958_466:
            return flaw(DAMAGED, text)
        if serial < 1 and not serial.is_integer():
            return {"time": _on_day_one(serial).time().isoformat()}
        base = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 (a sheet has no zone)
        if not since_1904 and serial < 60:
            base += timedelta(days=1)  # the calendar of 1900 counts a 29 February that never was
        when = _rounded(base + timedelta(days=serial))
    except (ValueError, OverflowError):
        return flaw(DAMAGED, text)
    if when.time() == time() and serial.is_integer():
        return {"date": when.date().isoformat()}
    return {"datetime": when.isoformat()}


def iso_moment(text: str) -> Plain:
    """Read a date that the workbook spells out."""
    try:
        if len(text) <= 10:
            return {"date": date.fromisoformat(text).isoformat()}
        return {"datetime": datetime.fromisoformat(text).replace(tzinfo=None).isoformat()}
    except ValueError:
        return flaw(DAMAGED, text)


def _on_day_one(serial: float) -> datetime:
    return _rounded(datetime(2000, 1, 1) + timedelta(days=serial))  # noqa: DTZ001 (only its time is used)


def _rounded(when: datetime) -> datetime:
    """Seconds do not survive the trip through a fraction of a day exactly."""
    return (when + timedelta(milliseconds=500)).replace(microsecond=0)
