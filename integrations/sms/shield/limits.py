"""So many codes for one phone, address, network, device, country and purpose.

The rows of what was asked for are counted, whatever became of them. What is closed is also noted in the cache for at most a
minute, so that a flood asks the database less; without a cache the rows alone answer, the same.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.sms.models import VerificationCode
from integrations.sms.shield.errors import TooManyCodes
from project.core import cache

UNITS = {60: "min", 3600: "h", 86_400: "day"}
REMEMBERED_SECONDS = 60
FLOODED = ("phone", "ip")
"""What is looked up in the cache first: whoever floods does it from one address, or towards one phone."""


class Closed(NamedTuple):
    """A limit that is reached, and when it is not any more."""

    limit: str
    rate: str
    opens_at: datetime


def ensure_not_known_closed(row: dict[str, Any]) -> None:
    """Refuse what was refused within the last minute, without asking the database.

    :raises TooManyCodes: like `ensure_open`.
    """
    for limit in FLOODED:
        found = (cache.get("sms_closed", limit, row[limit]) or {}) if row[limit] else {}
        opens_at = parse_datetime(found.get("opens_at", ""))
        if opens_at is not None and opens_at > timezone.now():
            raise _refused(Closed(limit, found["rate"], opens_at))


def ensure_open(row: dict[str, Any]) -> None:
    """Refuse when any limit is reached; the caller holds the door.

    :raises TooManyCodes: naming the limit that opens last.
    """
    now = timezone.now()
    closed = [one for limit, rates in settings.SMS_LIMITS.items() for one in _closed(limit, row[limit], rates, now)]
    if not closed:
        return
    last = max(closed, key=lambda one: one.opens_at)
    if last.limit in FLOODED:
        kept = {"rate": last.rate, "opens_at": last.opens_at.isoformat()}
        seconds = min(REMEMBERED_SECONDS, max(1.0, (last.opens_at - now).total_seconds()))
        cache.set("sms_closed", last.limit, row[last.limit], value=kept, ttl=seconds)
    raise _refused(last)


def pressure(phone: str, ip: str, window: timedelta) -> tuple[int, int]:
    """Return how many codes were asked for of late: for this phone, and from this address."""
    of_late = VerificationCode.objects.since(timezone.now() - window)
    return of_late.filter(phone=phone).count(), of_late.filter(ip=ip or None).count()


def _closed(limit: str, subject: Any, rates: list[tuple[int, int]], now: datetime) -> list[Closed]:
    if not subject:
        return []
    found = []
    for number, seconds in rates:
        window = timedelta(seconds=seconds)
        newest_first = VerificationCode.objects.since(now - window).filter(**{limit: subject}).order_by("-created_at")
        oldest_of_enough = newest_first.values_list("created_at", flat=True)[number - 1 : number].first()
        if oldest_of_enough is not None:
            found.append(Closed(limit, f"{number}/{UNITS[seconds]}", oldest_of_enough + window))
    return found


def _refused(closed: Closed) -> TooManyCodes:
    seconds = (closed.opens_at - timezone.now()).total_seconds()
    return TooManyCodes(
        limit=closed.limit, rate=closed.rate, opens_at=closed.opens_at, retry_after=max(1, round(seconds + 0.5))
    )
