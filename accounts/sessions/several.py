"""Several sign-ins at once: how many with each kind of device, and what happens beyond."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import pgettext

from accounts import errors
from accounts.models import LoginSession, User
from accounts.sessions import ending

Reason = LoginSession.Reason

OLDEST = "oldest"
"""Instead of the id of a session: whichever is the oldest."""


def limit_of(device_kind: str) -> int:
    """How many of a kind one person may have in each scope; 0: as many as they like."""
    return int(settings.MULTI_LOGIN_LIMITS.get(device_kind, 0)) if settings.MULTI_LOGIN else 0


def refuses() -> bool:
    """Is somebody with too many devices refused, rather than signed out with the oldest?"""
    limited = settings.MULTI_LOGIN and any(settings.MULTI_LOGIN_LIMITS.values())
    return bool(limited) and settings.MULTI_LOGIN_OVERFLOW == "refuse"


def make_room(person: User, *, scope: str, device_kind: str, instead_of: str = "") -> list[LoginSession]:
    """End as many sessions of the kind as have to go for one more; the caller has locked the person's row.

    :param instead_of: where the new one would be refused: the id of the session it may take the place of, or OLDEST.
    :raises TooManyDevices: when it is refused; says which devices are in.
    """
    limit = limit_of(device_kind)
    if not limit:
        return []
    there = LoginSession.objects.live().filter(user=person, scope=scope, device_kind=device_kind)
    live = list(there.filter(auth_epoch=person.auth_epoch).order_by("created_at", "pk"))
    beyond = len(live) + 1 - limit
    if beyond <= 0:
        return []
    chosen = [one for one in live if one.sid == instead_of]
    if refuses() and not chosen and instead_of != OLDEST:
        raise too_many(live, limit)
    going = [*chosen, *(one for one in live if one not in chosen)][:beyond]
    return ending.close(LoginSession.objects.unended().filter(pk__in=[one.pk for one in going]), Reason.DISPLACED)


def too_many(live: list[LoginSession], limit: int) -> errors.TooManyDevices:
    """The refusal, for a person who has given all that is asked for: which of their devices are in."""
    names = pgettext("between the items of a list", ", ").join(
        one.device or one.program or str(one.ip or "") for one in live
    )
    devices: list[dict[str, Any]] = [
        {
            "id": one.sid,
            "device": one.device,
            "program": one.program,
            "ip": one.ip,
            "created_at": one.created_at.isoformat(),
            "last_seen_at": one.last_seen_at.isoformat(),
        }
        for one in live
    ]
    return errors.TooManyDevices(limit=limit, devices=names, extra={"sessions": devices})


def close_surplus() -> int:
    """End what is above a limit that was lowered, the oldest first; return how many."""
    ended = 0
    for kind in settings.MULTI_LOGIN_LIMITS:
        if not (limit := limit_of(kind)):
            continue
        live = LoginSession.objects.live().filter(device_kind=kind)
        crowds = live.order_by().values("user", "scope").annotate(number=Count("pk")).filter(number__gt=limit)
        for crowd in crowds[:1000]:
            ended += _close_oldest(crowd["user"], crowd["scope"], kind, limit)
    return ended


@transaction.atomic
def _close_oldest(user_id: int, scope: str, kind: str, limit: int) -> int:
    ending.lock({user_id})
    live = LoginSession.objects.live().filter(user=user_id, scope=scope, device_kind=kind)
    going = list(live.order_by("-created_at", "-pk").values_list("pk", flat=True)[limit:])
    return len(ending.close(LoginSession.objects.unended().filter(pk__in=going), Reason.DISPLACED))
