"""How often somebody may do something: token buckets, by who uses them."""

from collections.abc import Hashable
from typing import NamedTuple

from realtime.core.connection import Allowance, Connection

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
CLEAN_AT = 1000


class Rate(NamedTuple):
    """So many calls at once, and as many again spread over so many seconds."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Read `10/min`; the units are s, min, h and d.

        :raises ValueError: when it is none.
        """
        calls, _slash, unit = text.partition("/")
        if not (calls.isascii() and calls.isdigit() and int(calls) and unit in UNITS):
            raise ValueError(f"{text!r} is no rate: a number of calls and a unit ({', '.join(UNITS)}), such as 10/min")
        return cls(int(calls), UNITS[unit])

    def __str__(self) -> str:
        unit = next(name for name, seconds in UNITS.items() if seconds == self.seconds)
        return f"{self.calls}/{unit}"


def who_asks(connection: Connection) -> Hashable:
    """Whose rates a connection uses up: its user's or API token's, else its own."""
    return connection.user_id or connection.session_id or connection.id


class Allowances:
    """The buckets of many users. One that is full again is as good as none, and is forgotten."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Allowance] = {}
        self._clean_at = CLEAN_AT

    def wait(self, key: Hashable, rate: float, burst: int, now: float) -> float:
        """Use one up and return 0; or return in how many seconds there is one again.

        :param rate: how many a second.
        """
        one = self._kept.get(key)
        if one is None:
            if len(self._kept) >= self._clean_at:
                self._forget_full(now)
            one = self._kept[key] = Allowance(rate, burst)
        return 0.0 if one.take(now) else (1 - one.left) / one.rate

    def __len__(self) -> int:
        return len(self._kept)

    def _forget_full(self, now: float) -> None:
        self._kept = {
            key: one for key, one in self._kept.items() if one.left + (now - one.seen_at) * one.rate < one.burst
        }
        self._clean_at = max(CLEAN_AT, 2 * len(self._kept))
