"""How many wrong passwords are too many.

Counted from the rows of sign-ins, so it holds on every node and without any cache:

    LOGIN_MAX_FAILURES in a row for one user name from one address      within a quarter of an hour
    five times as many for one user name, from wherever they come       likewise

Unknown names are counted like known ones: a lock tells nobody whether an account exists.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import Locked
from accounts.models import LoginEvent

WINDOW = timedelta(minutes=15)
EVERYWHERE = 5
"""So many times more failures lock a user name for all addresses: it takes many to guess from, and few to be a nuisance."""

Reason = LoginEvent.Reason


def ensure_open(username: str, ip: str | None) -> None:
    """:raises Locked: when there were too many failures; says when to try again."""
    now = timezone.now()
    since = max(now - WINDOW, _last(username, Reason.UNLOCKED) or now - WINDOW)
    of_name = LoginEvent.objects.filter(username=username, created_at__gt=since)
    opens_at = max(
        _opens_at(_in_a_row(of_name.filter(ip=ip)), settings.LOGIN_MAX_FAILURES, now),
        _opens_at(of_name, settings.LOGIN_MAX_FAILURES * EVERYWHERE, now),
    )
    if opens_at > now:
        raise Locked(retry_after=max(1, round((opens_at - now).total_seconds())))


def _in_a_row(events: QuerySet[LoginEvent]) -> QuerySet[LoginEvent]:
    success = events.filter(succeeded=True).values_list("created_at", flat=True).first()
    return events.filter(created_at__gt=success) if success else events


def _opens_at(events: QuerySet[LoginEvent], allowed: int, now: datetime) -> datetime:
    """When fewer than `allowed` failures will lie within the window."""
    failures = events.filter(reason__in=LoginEvent.FAILURES).order_by("-created_at")
    oldest_of_too_many = failures.values_list("created_at", flat=True)[allowed - 1 : allowed].first()
    return oldest_of_too_many + WINDOW if oldest_of_too_many else now


def _last(username: str, reason: str) -> datetime | None:
    found = LoginEvent.objects.filter(username=username, reason=reason).order_by("-created_at")
    return found.values_list("created_at", flat=True).first()
