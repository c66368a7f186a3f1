"""The only writer of login sessions: open, refresh, renew, end.

Whatever is decided here is decided by the database: by a row lock on the person when sessions open or end together,
by one conditional UPDATE when a token rotates or a session is renewed. After the commit the other nodes are told and
the session's sockets are closed; when that cannot be done the rows still say it, and everybody reads the rows.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import errors, standing, tokens
from accounts.models import LoginSession, User
from project.core import audit
from project.core.errors import GatehouseError, Unreachable
from realtime import gateway
from realtime.core.codes import CloseCode

log = structlog.get_logger(__name__)
Reason = LoginSession.Reason

SEEN_EVERY = timedelta(minutes=1)
MAX_GRACE_USES = 100
"""How often the answer to one refresh may be asked for again."""

CLOSE_CODES: dict[str, CloseCode] = {
    Reason.DISPLACED: CloseCode.DISPLACED,
    Reason.DISABLED: CloseCode.ACCOUNT_DISABLED,
}
VOIDS_TOKENS = frozenset({Reason.PASSWORD, Reason.DISABLED, Reason.REVOKED})


def close_code(reason: str) -> CloseCode:
    """The code a session's sockets are closed with."""
    return CLOSE_CODES.get(reason, CloseCode.SESSION_ENDED)


def error_for(reason: str) -> GatehouseError:
    """The error that tells why a session is over."""
    return errors.Displaced() if reason == Reason.DISPLACED else errors.NotSignedIn()


def state_of(sid: str) -> standing.Standing | None:
    """Return the session with its person, and why it is over; None when there never was one.

    :raises Unreachable: when neither cache nor database can be asked.
    """
    found = standing.of(sid)
    if found is None or found.reason or not _was_one_of_several(found.session):
        return found
    _keep_newest(found.session)
    return standing.of(sid)


# --- open ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open(  # noqa: A001 (reads as sessions.open)
    *,
    user: User,
    scope: str,
    device: str = "",
    ip: str = "",
    user_agent: str = "",
    kind: str = LoginSession.Kind.JWT,
    django_key: str = "",
) -> LoginSession:
    """Sign `user` in. Unless MULTI_LOGIN is on, this ends their other sessions of the same scope.

    :raises BadCredentials: when the account was disabled or deleted meanwhile.
    """
    person = User.objects.get_queryset().select_for_update().filter(pk=user.pk, is_active=True).first()
    if person is None:
        raise errors.BadCredentials
    before = LoginSession.objects.unended().filter(user=person, scope=scope)
    displaced: list[LoginSession] = []
    if settings.MULTI_LOGIN:
        before.update(exclusive=False, live_key=None)
    else:
        displaced = _close(before, Reason.DISPLACED)
    now = timezone.now()
    absolute = now + timedelta(seconds=settings.SESSION_ABSOLUTE_EXPIRES)
    session = LoginSession.objects.create(
        user=person,
        scope=scope,
        kind=kind,
        device=device[:100],
        ip=ip or None,
        user_agent=user_agent[:300],
        django_key_hash=key_hash(django_key) if django_key else "",
        rotated_at=now,
        renewed_at=now,
        last_seen_at=now,
        created_at=now,
        expires_at=min(now + timedelta(seconds=settings.SESSION_EXPIRES), absolute),
        absolute_expires_at=absolute,
        auth_epoch=person.auth_epoch,
        exclusive=not settings.MULTI_LOGIN,
        live_key=None if settings.MULTI_LOGIN else _live_key(person.pk, scope),
    )
    LoginSession.objects.filter(pk__in=[old.pk for old in displaced]).update(replaced_by=session)
    User.objects.filter(pk=person.pk).update(last_login=now)
    return session


def _was_one_of_several(session: LoginSession) -> bool:
    """Tell whether it was opened while MULTI_LOGIN was on, and that is off now."""
    return not session.exclusive and not settings.MULTI_LOGIN


@transaction.atomic
def _keep_newest(session: LoginSession) -> None:
    """Of the person's sessions of this scope, leave the newest."""
    person = User.objects.get_queryset().select_for_update().get(pk=session.user_id)
    live = LoginSession.objects.unended().filter(user=person, scope=session.scope)
    newest = live.order_by("-created_at", "-pk").first()
    if newest is None:
        return
    displaced = _close(live.exclude(pk=newest.pk), Reason.DISPLACED)
    LoginSession.objects.filter(pk__in=[old.pk for old in displaced]).update(replaced_by=newest)
    live.filter(pk=newest.pk).update(exclusive=True, live_key=_live_key(person.pk, session.scope))
    transaction.on_commit(partial(standing.forget, newest.sid))


# --- refresh and renew ----------------------------------------------------------------------------------------------------


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
    if session.ended_at is None and _was_one_of_several(session):
        _keep_newest(session)
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
    now = timezone.now()
    untouched = LoginSession.objects.live().filter(pk=session.pk, gen=session.gen, auth_epoch=session.user.auth_epoch)
    if not untouched.update(gen=F("gen") + 1, rotated_at=now, last_seen_at=now, grace_uses=0):
        return False
    session.gen, session.rotated_at, session.last_seen_at, session.grace_uses = session.gen + 1, now, now, 0
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
    end(session, reason=Reason.REUSE)
    raise errors.TokenReused


def _count_repetition(session: LoginSession) -> bool:
    repeatable = LoginSession.objects.unended().filter(pk=session.pk, gen=session.gen, grace_uses__lt=MAX_GRACE_USES)
    return bool(repeatable.update(grace_uses=F("grace_uses") + 1))


def _refusal(session: LoginSession, reason: str) -> GatehouseError:
    if session.ended_at is None:
        end(session, reason=reason)
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
    return now - session.renewed_at >= timedelta(seconds=settings.SESSION_REFRESH_INTERVAL)


# --- end ------------------------------------------------------------------------------------------------------------------


def end(session: LoginSession, *, reason: str, actor: User | None = None) -> bool:
    """End one session, its tokens and its sockets; False when it had ended already."""
    with transaction.atomic():
        ended = _close(LoginSession.objects.unended().filter(pk=session.pk), reason, actor)
    session.ended_at = session.ended_at or timezone.now()
    return bool(ended)


def end_all(user: User, *, reason: str, actor: User | None = None, keep: LoginSession | None = None) -> int:
    """End every session of `user` but `keep`; return how many there were."""
    with transaction.atomic():
        person = User.objects.get_queryset().select_for_update().get(pk=user.pk)
        rows = LoginSession.objects.unended().filter(user=person)
        ended = _close(rows.exclude(pk=keep.pk) if keep else rows, reason, actor)
        if reason in VOIDS_TOKENS:
            # and whatever else was made for an earlier epoch
            User.objects.filter(pk=person.pk).update(auth_epoch=F("auth_epoch") + 1)
            person.refresh_from_db(fields=["auth_epoch"])
            LoginSession.objects.unended().filter(user=person).update(auth_epoch=person.auth_epoch)
            user.auth_epoch = person.auth_epoch
            transaction.on_commit(partial(standing.forget_people, [person.pk]))
    return len(ended)


def _close(rows: QuerySet[LoginSession], reason: str, actor: User | None = None) -> list[LoginSession]:
    """End the sessions of `rows`, which the caller's transaction protects; tell everybody after it."""
    now = timezone.now()
    ended: list[LoginSession] = []
    for session in rows.select_related("user"):
        why = Reason.EXPIRED if reason == Reason.DISPLACED and session.runs_out_at <= now else reason
        mine = LoginSession.objects.unended().filter(pk=session.pk)
        if mine.update(ended_at=now, end_reason=why, ended_by=actor, live_key=None):
            session.ended_at, session.end_reason, session.live_key = now, why, None
            ended.append(session)
            _note(session, actor)
    transaction.on_commit(partial(_tell, ended))
    return ended


def _note(session: LoginSession, actor: User | None) -> None:
    if session.end_reason not in {Reason.LOGOUT, Reason.EXPIRED}:
        audit.record(f"session.{session.end_reason}", session, actor=actor, person=session.user.username)


def _tell(ended: Iterable[LoginSession]) -> None:
    """Tell the other nodes and close the sockets. The rows are right already: a failure here only costs time."""
    for session in ended:
        reason = session.end_reason
        try:
            standing.bury(session.sid, reason)
        except Unreachable as problem:
            log.warning("session.not_buried", session=session.sid, problem=str(problem))
        try:
            gateway.disconnect(session_id=session.sid, code=close_code(reason))
        except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
            # the gateway of another process closes them at its next look at the rows
            log.info("session.sockets_not_closed", session=session.sid, problem=str(problem))


def _row(sid: str) -> LoginSession | None:
    try:
        return LoginSession.objects.select_related("user").filter(sid=sid).first()
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem


def key_hash(django_key: str) -> str:
    """What is kept of a Django session's key; the key itself would let its reader in."""
    return hashlib.sha256(django_key.encode()).hexdigest()


def _live_key(user_id: int, scope: str) -> str:
    return f"{user_id}:{scope}"


def close_run_out() -> int:
    """Put an end to the rows whose time is over, so that lists show them as what they are."""
    now = timezone.now()
    with transaction.atomic():
        return len(_close(LoginSession.objects.unended().filter(expires_at__lte=now)[:1000], Reason.EXPIRED))
