"""How sessions go on: new tokens for old, renewal by use."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from accounts import alarms, errors, keys, standing, tokens
from accounts.models import LoginSession
from accounts.sessions import ending, opening
from project.core.errors import GatehouseError, Unreachable

log = structlog.get_logger(__name__)
Reason = LoginSession.Reason

SEEN_EVERY = timedelta(minutes=1)
MAX_GRACE_USES = 100
"""How often the answer to one refresh may be asked for again."""


def refresh(token: object) -> LoginSession:
    """Rotate the refresh token; return the session, whose present generation is the successor.

    The same token again within the grace gives the same successor. Any older one ends the session.

    :raises RefreshRefused: not a token of ours, or its session ran out or was signed out.
    :raises Displaced: a newer sign-in has taken the session's place.
    :raises NotSignedIn: somebody has ended the session.
    :raises TokenReused: the token had been used before.
    """
    try:
        claims = tokens.read_refresh(token)
        session = _row(claims.sid)
    except tokens.BadToken as problem:
        raise errors.RefreshRefused from problem
    if session is None or not claims.proves(session):
        raise errors.RefreshRefused
    if session.ended_at is None and opening.was_one_of_several(session):
        opening.keep_newest(session)
        session.refresh_from_db()
    if reason := standing.judge(session):
        raise _refusal(session, reason)
    if claims.gen == session.gen:
        # first, so that whoever sees the new generation sees the new times too: all answers are the same then
        if renew(session):
            session.refresh_from_db(fields=["expires_at", "renewed_at", "renew_count"])
        if _rotate(session):
            return session
    return _successor(claims)


def _rotate(session: LoginSession) -> bool:
    """Move on to the next generation; False when another call did so first."""
    now, signed_by = timezone.now(), keys.current().kid
    untouched = LoginSession.objects.live().filter(pk=session.pk, gen=session.gen, auth_epoch=session.user.auth_epoch)
    if not untouched.update(gen=F("gen") + 1, rotated_at=now, last_seen_at=now, grace_uses=0, signed_by=signed_by):
        return False
    session.gen, session.rotated_at, session.last_seen_at, session.grace_uses = session.gen + 1, now, now, 0
    session.signed_by = signed_by
    return True


def _successor(claims: tokens.RefreshClaims) -> LoginSession:
    """Return the session if its present generation is the answer to `claims`; otherwise end it."""
    session = _row(claims.sid)
    if session is None:
        raise errors.RefreshRefused
    if reason := standing.judge(session):
        raise _refusal(session, reason)
    in_grace = timezone.now() - session.rotated_at <= timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    # only the generation just before the present one: an older one can only come from a copy
    if in_grace and claims.gen == session.gen - 1 and _count_repetition(session):
        return session
    with transaction.atomic():
        if ending.end(session, reason=Reason.REUSE):
            alarms.token_reused(session)
    raise errors.TokenReused


def _count_repetition(session: LoginSession) -> bool:
    repeatable = LoginSession.objects.unended().filter(pk=session.pk, gen=session.gen, grace_uses__lt=MAX_GRACE_USES)
    return bool(repeatable.update(grace_uses=F("grace_uses") + 1))


def _refusal(session: LoginSession, reason: str) -> GatehouseError:
    if session.ended_at is None:
        ending.end(session, reason=reason)
    match reason:
        case Reason.DISPLACED:
            return errors.Displaced()
        case Reason.REUSE:
            return errors.TokenReused()
        case Reason.LOGOUT | Reason.EXPIRED:
            return errors.RefreshRefused()
    return errors.NotSignedIn()


def renew(session: LoginSession) -> bool:
    """Extend a session in use, if its time has come: one conditional UPDATE, which cannot revive an ended one."""
    if not settings.SESSION_AUTO_REFRESH:
        return False
    now = timezone.now()
    due = LoginSession.objects.live().filter(
        pk=session.pk, renewed_at__lte=now - timedelta(seconds=settings.SESSION_REFRESH_INTERVAL)
    )
    if settings.SESSION_MAX_REFRESH_TIMES >= 0:
        due = due.filter(renew_count__lt=settings.SESSION_MAX_REFRESH_TIMES)
    expires_at = min(now + timedelta(seconds=settings.SESSION_EXPIRES), session.absolute_expires_at)
    renewed = due.update(expires_at=expires_at, renewed_at=now, renew_count=F("renew_count") + 1)
    if renewed:
        standing.forget(session.sid)
    return bool(renewed)


def renewals_left(session: LoginSession) -> int | None:
    """How often use may still extend the session; None: without limit."""
    if not settings.SESSION_AUTO_REFRESH:
        return 0
    if settings.SESSION_MAX_REFRESH_TIMES < 0:
        return None
    return max(0, settings.SESSION_MAX_REFRESH_TIMES - session.renew_count)


def seen(session: LoginSession) -> None:
    """Note that the session is in use, at most once a minute, and renew it when that is due.

    A database that cannot be written to does not keep anybody out.
    """
    now = timezone.now()
    try:
        if _renewal_is_due(session, now):
            renew(session)
        if now - session.last_seen_at >= SEEN_EVERY:
            stale = LoginSession.objects.filter(pk=session.pk, last_seen_at__lte=now - SEEN_EVERY)
            if stale.update(last_seen_at=now):
                standing.forget(session.sid)
    except DatabaseError as problem:
        log.warning("session.not_noted", problem=str(problem))


def _renewal_is_due(session: LoginSession, now: datetime) -> bool:
    # who has used them up, or gets none, must not cost an UPDATE at each call
    return renewals_left(session) != 0 and now - session.renewed_at >= timedelta(
        seconds=settings.SESSION_REFRESH_INTERVAL
    )


def _row(sid: str) -> LoginSession | None:
    try:
        return LoginSession.objects.select_related("user").filter(sid=sid).first()
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem
