"""From a number or a text in a workbook to the date, time or both that a person sees."""

from datetime import date, datetime, time, timedelta

from integrations.sheets.reader.cells import Plain, flaw
from integrations.sheets.reader.problems import DAMAGED


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
