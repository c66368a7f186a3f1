"""How sessions end, and who is told."""

from collections.abc import Iterable
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import errors, impersonation, machines, standing
from accounts.models import LoginSession, User
from project.core import audit
from project.core.errors import GatehouseError
from realtime import gateway
from realtime.core.codes import CloseCode

log = structlog.get_logger(__name__)
Reason = LoginSession.Reason

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


def end(session: LoginSession, *, reason: str, actor: User | None = None) -> bool:
    """End one session, its tokens and its sockets; False when it had ended already."""
    with transaction.atomic():
        # the person first, as everywhere: what is written of them would wait for who waits for the session
        User.objects.get_queryset().select_for_update().filter(pk=session.user_id).first()
        ended = close(LoginSession.objects.unended().filter(pk=session.pk), reason, actor)
    session.ended_at = session.ended_at or timezone.now()
    return bool(ended)


def end_all(user: User, *, reason: str, actor: User | None = None, keep: LoginSession | None = None) -> int:
    """End every session of `user` but `keep`; return how many there were."""
    with transaction.atomic():
        person = User.objects.get_queryset().select_for_update().get(pk=user.pk)
        rows = LoginSession.objects.unended().filter(user=person)
        ended = close(rows.exclude(pk=keep.pk) if keep else rows, reason, actor)
        if reason in VOIDS_TOKENS:
            # and whatever else was made for an earlier epoch
            User.objects.filter(pk=person.pk).update(auth_epoch=F("auth_epoch") + 1)
            person.refresh_from_db(fields=["auth_epoch"])
            LoginSession.objects.unended().filter(user=person).update(auth_epoch=person.auth_epoch)
            user.auth_epoch = person.auth_epoch
            transaction.on_commit(partial(standing.forget_people, [person.pk]))
        if reason == Reason.DISABLED:
            transaction.on_commit(partial(machines.close_sockets_of, person.pk))
    return len(ended)


def close(rows: QuerySet[LoginSession], reason: str, actor: User | None = None) -> list[LoginSession]:
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
            if session.subject_id is not None:
                impersonation.note_end(session, why=impersonation.Why.SESSION)
    transaction.on_commit(partial(_tell, ended))
    return ended


def _note(session: LoginSession, actor: User | None) -> None:
    if session.end_reason not in {Reason.LOGOUT, Reason.EXPIRED}:
        audit.record(f"session.{session.end_reason}", session, actor=actor, person=session.user.username)


def _tell(ended: Iterable[LoginSession]) -> None:
    """Tell the other nodes and close the sockets. The rows are right already: a failure here only costs time."""
    for session in ended:
        reason = session.end_reason
        standing.bury(session.sid, reason)
        try:
            gateway.disconnect(user_id=session.user_id, session_id=session.sid, code=close_code(reason))
        except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
            # the gateway of another process closes them at its next look at the rows
            log.info("session.sockets_not_closed", session=session.sid, problem=str(problem))


def close_run_out() -> int:
    """Put an end to the rows whose time is over, so that lists show them as what they are."""
    now = timezone.now()
    with transaction.atomic():
        return len(close(LoginSession.objects.unended().filter(expires_at__lte=now)[:1000], Reason.EXPIRED))
