"""How many wrong passwords are too many.

Counted from the rows of sign-ins, so it holds on every node and without any cache:

    LOGIN_MAX_FAILURES in a row for one user name from one address      within a quarter of an hour
    five times as many for one user name, from wherever they come       likewise
    twenty times as many from one address, for whatever names           likewise

Unknown names are counted like known ones: a lock tells nobody whether an account exists. After CAPTCHA_AFTER_FAILURES a
captcha makes each further guess cost something. By default that is where the lock closes, so whoever tries one name from
one address meets the lock, and only who guesses from many addresses or at many names is given work.
"""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.errors import Locked
from accounts.models import LoginEvent

WINDOW = timedelta(minutes=15)
EVERYWHERE = 5
"""So many times more failures lock a user name for all addresses: it takes many to guess from, and few to be a nuisance."""
ADDRESS = 20
"""So many times more failures lock an address for all names: a whole office may share one, and so may who tries many names."""
CAPTCHA_EVERYWHERE = 2
"""So many times more failures make everybody who tries a user name solve a captcha, wherever they are."""
CAPTCHA_ADDRESS = 10
"""So many times more failures make an address solve a captcha for all names."""

Reason = LoginEvent.Reason


class Tally(NamedTuple):
    """When attempts failed within the last quarter of an hour, newest first; what staff unlocked is left out."""

    of_name: list[datetime]
    of_name_here: list[datetime]
    """In a row: since the last success."""
    from_here: list[datetime]

    @property
    def opens_at(self) -> datetime | None:
        """When the next attempt may be made; None: now."""
        allowed = settings.LOGIN_MAX_FAILURES
        ends = (
            lock_end(self.of_name_here, allowed),
            lock_end(self.of_name, allowed * EVERYWHERE),
            lock_end(self.from_here, allowed * ADDRESS),
        )
        return max(filter(None, ends), default=None)

    @property
    def captcha_level(self) -> int | None:
        """How hard the captcha is that the next attempt must solve, from 0 on; None: it need not solve any."""
        after = settings.CAPTCHA_AFTER_FAILURES
        beyond = max(len(self.of_name_here) - after, len(self.of_name) - after * CAPTCHA_EVERYWHERE)
        beyond_here = len(self.from_here) - after * CAPTCHA_ADDRESS
        if after < 0 or max(beyond, beyond_here) < 0:
            return None
        return max(beyond, beyond_here // CAPTCHA_ADDRESS, 0)


def look(username: str, ip: str | None) -> Tally:
    """Count the failures of a user name and of an address."""
    since = timezone.now() - WINDOW
    allowed = settings.LOGIN_MAX_FAILURES
    of_name = _failures(LoginEvent.objects.filter(username=username, created_at__gt=since), allowed * EVERYWHERE)
    here = [when for when, address in of_name if address == ip]
    if here:
        success = LoginEvent.objects.filter(username=username, ip=ip, succeeded=True, created_at__gt=since)
        last = success.order_by("-created_at").values_list("created_at", flat=True).first()
        here = [when for when in here if last is None or when > last]
    from_here = []
    if ip:
        of_address = LoginEvent.objects.filter(ip=ip, created_at__gt=since)
        from_here = _failures(of_address.exclude(reason=Reason.UNLOCKED, username__gt=""), allowed * ADDRESS)
    return Tally([when for when, _ in of_name], here, [when for when, _ in from_here])


def ensure_open(username: str, ip: str | None) -> Tally:
    """Return the tally of who may try.

    :raises Locked: when there were too many failures; says when to try again.
    """
    tally = look(username, ip)
    if (opens_at := tally.opens_at) is not None:
        raise Locked(retry_after=max(1, round((opens_at - timezone.now()).total_seconds())))
    return tally


def lock_end(failures: list[datetime], allowed: int) -> datetime | None:
    """When fewer than `allowed` of these failures will lie within the window; None: there are fewer already."""
    return failures[allowed - 1] + WINDOW if len(failures) >= allowed else None


def _failures(events: QuerySet[LoginEvent], most: int) -> list[tuple[datetime, str | None]]:
    """When and from where attempts failed since somebody unlocked them last, newest first: as many as any lock asks for."""
    counted = events.filter(Q(reason__in=LoginEvent.FAILURES) | Q(reason=Reason.UNLOCKED)).order_by(
        "-created_at", "-pk"
    )
    rows = counted.values_list("created_at", "ip", "reason")[: most + 1]
    return [(when, ip) for when, ip, _ in takewhile(lambda row: row[2] != Reason.UNLOCKED, rows)][:most]
