"""Cron lines, as everybody writes them: minute, hour, day of month, month, day of week."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
FARTHEST = timedelta(days=366 * 8)
"""The 29th of February is never farther away."""


class Cron(NamedTuple):
    """Which minutes, hours, days, months and weekdays (0 is Sunday)."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Both days are restricted: then either will do, as in every cron since 1975."""

    @classmethod
    def parse(cls, line: str) -> Self:
        """:raises ValueError: when it is no cron line."""
        words = line.split()
        if len(words) != len(FIELDS):
            raise ValueError(line)
        sets = [_numbers(word, *bounds) for word, bounds in zip(words, FIELDS, strict=True)]
        minutes, hours, days, months, weekdays = sets
        either = words[2] != "*" and words[4] != "*"
        return cls(minutes, hours, days, months, frozenset(number % 7 for number in weekdays), either)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The next time after `moment`, in UTC; None where there is none. Hours that a clock skips are skipped."""
        here = moment.astimezone(zone)
        day, last = here.date(), (here + FARTHEST).date()
        while day <= last:
            if self._has(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
                        there = found.astimezone(zone)
                        if found > moment and (there.hour, there.minute) == (hour, minute):
                            return found
            day += timedelta(days=1)
        return None

    def _has(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either else in_month and in_week


def _numbers(word: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (_number(first), _number(last) if dash else _number(first))
        if step and span != "*" and not dash:
            end = high
        by = _number(step) if step else 1
        if not low <= begin <= end <= high or by < 1:
            raise ValueError(word)
        found.update(range(begin, end + 1, by))
    return frozenset(found)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise ValueError(text)
    return int(text)
