"""What is known of a token right now; kept like a session's standing, see `accounts.standing`."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone

from accounts import standing
from accounts.models import ApiToken, User
from project.core import cache
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)

REVOKED = "revoked"
SEEN_EVERY = timedelta(minutes=1)
BURIED_SECONDS = 120
"""Longer than a snapshot lives, and whoever read the row just before needs to keep one."""


def find(key_id: str) -> ApiToken | None:
    """Return the token with its owner, if it lets a machine in at this moment.

    :raises Unreachable: when neither cache nor database can be asked.
    """
    kept = _kept(key_id)
    if kept is not None and REVOKED in kept:
        return None
    token = _revived(kept) if kept is not None else _from_row(key_id)
    return token if token is not None and token.is_live and token.owner.is_active else None


def bury(key_id: str) -> None:
    """Mark a token as revoked for every node."""
    if standing.is_shared():
        cache.state.insist("machine", key_id, value={REVOKED: True}, ttl=BURIED_SECONDS)


def seen(token: ApiToken, ip: str) -> None:
    """Note that the token is in use, at most once a minute; a database that cannot be written to keeps nobody out."""
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < SEEN_EVERY:
        return
    stale = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - SEEN_EVERY), pk=token.pk)
    try:
        if stale.update(last_used_at=now, last_used_ip=ip or None):
            standing.forget(token.key_id, name="machine")
    except DatabaseError as problem:
        log.warning("machine.not_noted", problem=str(problem))


def _kept(key_id: str) -> dict[str, Any] | None:
    # see accounts.standing: a store that failed may have missed that a token was revoked
    if not standing.is_shared() or cache.state.failed_of_late("machine"):
        return None
    try:
        return cast("dict[str, Any] | None", cache.state.get("machine", key_id))
    except Unreachable as problem:
        log.debug("machine.cache_down", problem=str(problem))
        return None


def _from_row(key_id: str) -> ApiToken | None:
    try:
        token: ApiToken | None = ApiToken.objects.select_related("owner").filter(key_id=key_id).first()
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem
    if token is not None and token.is_live and standing.is_shared():
        snapshot = {"token": standing.flat(token), "owner": standing.flat(token.owner)}
        with suppress(Unreachable):  # slower, not wrong
            cache.state.add("machine", key_id, value=snapshot)
    return token


def _revived(kept: dict[str, Any]) -> ApiToken:
    token = standing.revived(ApiToken, kept["token"])
    token.owner = standing.revived(User, kept["owner"])
    return token
