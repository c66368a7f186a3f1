"""Who cannot sign in at the moment because of too many failures, as far as somebody may know."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts import lockout, scope
from accounts.models import LoginEvent, User, reach_by
from integrations.sms import phones

MOST = 100
"""Of each kind: of those who failed oftenest."""


class LockedOut(NamedTuple):
    """A lock: of a name at one address, of a name everywhere (`ip` is empty), or of an address (`username` is empty)."""

    username: str
    """Or the phone number, in E.164, of who tried codes by text message."""
    ip: str
    user: User | None
    """Who has the name or number; None where nobody has it, and for addresses."""
    failures: int
    since: datetime
    until: datetime
    last: LoginEvent
    """The failure that closed it: from where, with what."""


def owner_of(name: str) -> User | None:
    """Return who has a user name, or a phone number in E.164."""
    return owners_of([name]).get(name)


def owners_of(names: Collection[str]) -> dict[str, User]:
    """Return who has which of these user names and phone numbers, as attempts are counted by them."""
    numbers = {phones.as_kept(one): one for one in names if one.startswith("+")}
    by_phone = {numbers[str(one.phone)]: one for one in User.objects.filter(phone__in=numbers)}
    return by_phone | {one.username: one for one in User.objects.filter(username__in=names)}


def sees_strangers(viewer: Any) -> bool:
    """May `viewer` see locks of names that nobody has, and of addresses?"""
    return bool(viewer.has_perm("accounts.view_loginevent")) and reach_by(viewer).everybody


def seen_by(viewer: Any) -> list[LockedOut]:
    """The locks `viewer` may see, newest first.

    Of people in their scope; names that nobody has, and addresses, only if they see everybody and read the log of sign-ins.
    """
    recent = LoginEvent.objects.filter(created_at__gt=timezone.now() - lockout.WINDOW, reason__in=LoginEvent.FAILURES)
    reads_log = sees_strangers(viewer)
    allowed = settings.LOGIN_MAX_FAILURES
    pairs = _at_least(recent, allowed, "username", "ip") + _at_least(recent, allowed * lockout.EVERYWHERE, "username")
    owners = owners_of({one["username"] for one in pairs})
    visible = set(scope.people(viewer).filter(pk__in=[one.pk for one in owners.values()]).values_list("pk", flat=True))
    found = []
    for pair in pairs:
        user = owners.get(pair["username"])
        if user.pk in visible if user else reads_log:
            found.append(_lock(pair["username"], pair.get("ip", ""), user))
    if reads_log:
        addresses = _at_least(recent, allowed * lockout.ADDRESS, "ip")
        found += [_lock("", one["ip"], None) for one in addresses if one["ip"]]
    return sorted(filter(None, found), key=lambda one: one.since, reverse=True)


def _at_least(events: QuerySet[LoginEvent], number: int, *of: str) -> list[dict[str, Any]]:
    counted = events.order_by().values(*of).annotate(number=Count("pk")).filter(number__gte=number)
    return list(counted.order_by("-number", *of)[:MOST])


def _lock(username: str, ip: str | None, user: User | None) -> LockedOut | None:
    """Look closer: since then somebody may have got in, or have been unlocked."""
    allowed = settings.LOGIN_MAX_FAILURES
    tally = lockout.look(username, ip or None)
    if not username:
        failures, end = tally.from_here, lockout.lock_end(tally.from_here, allowed * lockout.ADDRESS)
    elif ip == "":
        failures, end = tally.of_name, lockout.lock_end(tally.of_name, allowed * lockout.EVERYWHERE)
    else:
        failures, end = tally.of_name_here, lockout.lock_end(tally.of_name_here, allowed)
    if end is None:
        return None
    events = LoginEvent.objects.filter(created_at=failures[0], reason__in=LoginEvent.FAILURES)
    if username:
        events = events.filter(username=username)
    if ip != "":
        events = events.filter(ip=ip)
    last = events.first()
    return LockedOut(username, ip or "", user, len(failures), failures[0], end, last) if last else None
