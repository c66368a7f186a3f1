"""What is known of a session right now: may it still let its person in, and if not, why?

The row is the truth. With a shared cache (Redis) a snapshot of row and person spares the query; where the cache is one
process's own, asking the database is as fast and never behind what another process did. The cache's errors send us to
the database; when that is gone too, the answer is "cannot be reached", never "signed out".
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, models
from django.utils import timezone

from accounts.models import ApiToken, LoginSession, User
from project.core import cache
from project.core.errors import Unreachable
from project.core.redis_url import SCHEMES

log = structlog.get_logger(__name__)
Reason = LoginSession.Reason
M = TypeVar("M", bound=models.Model)

NOT_KEPT: dict[type[models.Model], set[str]] = {User: {"password"}, LoginSession: {"family_secret"}}
ENDED = "ended"


class Standing(NamedTuple):
    """A session with its person; `reason` says why it is over and is empty while it is not."""

    session: LoginSession
    reason: str

    @property
    def user(self) -> User:
        return self.session.user


def of(sid: str) -> Standing | None:
    """Return the standing of the session `sid`; None when there never was one.

    :raises Unreachable: when neither cache nor database can be asked.
    """
    kept = _kept(sid)
    if kept is None:
        return _from_row(sid)
    if ENDED in kept:
        return Standing(LoginSession(sid=sid), kept[ENDED])
    session = revived(LoginSession, kept["session"])
    session.user = revived(User, kept["user"])
    return Standing(session, judge(session))


def judge(session: LoginSession) -> str:
    """Tell why `session` is over, from the row and its person; "" when it is not."""
    user = session.user
    if session.ended_at is not None:
        return session.end_reason
    if not user.is_active:
        return Reason.DISABLED
    if session.auth_epoch != user.auth_epoch:
        return Reason.REVOKED
    return "" if session.runs_out_at > timezone.now() else Reason.EXPIRED


def bury(reasons: Mapping[str, str]) -> None:
    """Mark sessions as over, each for its reason, for every node and longer than any of their access tokens lives."""
    if is_shared() and reasons:
        marks = {sid: {ENDED: reason} for sid, reason in reasons.items()}
        cache.state.insist_many("session", marks, ttl=settings.ACCESS_TOKEN_EXPIRES + 60)


def forget(*sids: str, name: str = "session") -> None:
    """Let the next call read the rows again; a cache that is down has nothing to forget."""
    if is_shared() and sids:
        try:
            cache.state.delete_many(name, sids)
        except Unreachable as problem:
            log.warning("session.not_forgotten", problem=str(problem))


def forget_people(user_ids: Collection[int]) -> None:
    """Let the next call of these people read their rows again."""
    if is_shared():
        forget(*LoginSession.objects.live().filter(user__in=user_ids).values_list("sid", flat=True))
        tokens = ApiToken.objects.live().filter(owner__in=user_ids)
        forget(*tokens.values_list("key_id", flat=True), name="machine")


def _kept(sid: str) -> dict[str, Any] | None:
    # a store that failed may have missed that a session ended: until what it holds has run out, the rows are asked
    if not is_shared() or cache.state.failed_of_late("session"):
        return None
    try:
        return cast("dict[str, Any] | None", cache.state.get("session", sid))
    except Unreachable as problem:
        log.debug("session.cache_down", problem=str(problem))
        return None


def _from_row(sid: str) -> Standing | None:
    try:
        session = LoginSession.objects.select_related("user").filter(sid=sid).first()
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem
    if session is None:
        return None
    reason = judge(session)
    if not reason:
        _keep(session)
    return Standing(session, reason)


def _keep(session: LoginSession) -> None:
    if not is_shared():
        return
    try:
        # `add`: a mark that the session is over, set while we read, must not be overwritten
        cache.state.add("session", session.sid, value={"session": flat(session), "user": flat(session.user)})
    except Unreachable:
        return  # slower, not wrong


def flat(row: models.Model) -> dict[str, Any]:
    """Make a snapshot of the row as JSON takes it, without what must not be kept."""
    left_out = NOT_KEPT.get(type(row), set())
    found = {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}
    return {
        name: value if isinstance(value, str | int | bool | list | None) else _text(value)
        for name, value in found.items()
        if name not in left_out
    }


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def revived(model: type[M], kept: dict[str, Any]) -> M:
    """Make the row of its snapshot; what the snapshot leaves out is read when somebody asks for it."""
    fields = [field for field in model._meta.concrete_fields if field.attname in kept]
    values = [field.to_python(kept[field.attname]) for field in fields]
    return model.from_db("default", [field.attname for field in fields], values)


def is_shared() -> bool:
    """Do other processes see what this one keeps?"""
    return settings.CACHES["state"]["LOCATION"].split(":")[0] in SCHEMES
