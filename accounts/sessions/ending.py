"""How sessions end, and who is told."""

from collections import defaultdict
from collections.abc import Collection, Iterable
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
BATCH = 500
"""So many at once: a message to the nodes stays small, and a lock short."""
VOIDS_TOKENS = frozenset({Reason.PASSWORD, Reason.DISABLED, Reason.REVOKED})


def close_code(reason: str) -> CloseCode:
    """The code a session's sockets are closed with."""
    return CLOSE_CODES.get(reason, CloseCode.SESSION_ENDED)


def error_for(reason: str) -> GatehouseError:
    """The error that tells why a session is over."""
    return errors.Displaced() if reason == Reason.DISPLACED else errors.NotSignedIn()


def lock(people: Iterable[int]) -> list[User]:
    """Lock the rows of these people, superusers first and then in order: as everywhere, so that nobody waits in a circle."""
    ids = set(people)
    above = set(User.objects.get_queryset().filter(pk__in=ids, is_superuser=True).values_list("pk", flat=True))
    locked: list[User] = []
    for some in filter(None, (above, ids - above)):
        locked += User.objects.get_queryset().filter(pk__in=some).order_by("pk").select_for_update()
    return locked


def end(session: LoginSession, *, reason: str, actor: User | None = None) -> bool:
    """End one session, its tokens and its sockets; False when it had ended already."""
    with transaction.atomic():
        lock({session.user_id} | pk_of(actor))
        ended = close(LoginSession.objects.unended().filter(pk=session.pk), reason, actor)
    session.ended_at = session.ended_at or timezone.now()
    return bool(ended)


def end_all(user: User, *, reason: str, actor: User | None = None, keep: LoginSession | None = None) -> int:
    """End every session of `user` but `keep`; return how many there were."""
    with transaction.atomic():
        lock({user.pk} | pk_of(actor))
        rows = LoginSession.objects.unended().filter(user=user.pk)
        ended = close(rows.exclude(pk=keep.pk) if keep else rows, reason, actor)
        if reason in VOIDS_TOKENS:
            void([user.pk], keep)
            user.auth_epoch = User.objects.values_list("auth_epoch", flat=True).get(pk=user.pk)
        if reason == Reason.DISABLED:
            transaction.on_commit(partial(machines.close_sockets_of, user.pk))
    return len(ended)


def void(people: Collection[int], keep: LoginSession | None = None) -> None:
    """Void whatever else was made for these people in an earlier epoch: a sign-in half done, a row restored.

    Their rows are locked by the caller, and their sessions but `keep` have ended: who signs in just now does so in the
    epoch before and is out, or in the new one.
    """
    User.objects.filter(pk__in=people).update(auth_epoch=F("auth_epoch") + 1)
    if keep is not None and keep.user_id in people:
        epoch = User.objects.values_list("auth_epoch", flat=True).get(pk=keep.user_id)
        LoginSession.objects.unended().filter(pk=keep.pk).update(auth_epoch=epoch)
    transaction.on_commit(partial(standing.forget_people, list(people)))


def close(
    rows: QuerySet[LoginSession], reason: str, actor: User | None = None, *, each_noted: bool = True
) -> list[LoginSession]:
    """End the sessions of `rows`, whose people the caller has locked, by one UPDATE; tell everybody after the commit."""
    now = timezone.now()
    found = list(rows.select_related("user"))
    by_reason: dict[str, list[LoginSession]] = defaultdict(list)
    for session in found:
        # what nobody used any more was not taken from anybody
        run_out = reason == Reason.DISPLACED and session.runs_out_at <= now
        by_reason[Reason.EXPIRED if run_out else reason].append(session)
    for why, some in by_reason.items():
        mine = LoginSession.objects.unended().filter(pk__in=[one.pk for one in some])
        mine.update(ended_at=now, end_reason=why, ended_by=actor, live_key=None)
        for session in some:
            session.ended_at, session.end_reason, session.live_key = now, why, None
            if each_noted:
                _note(session, actor)
            if session.subject_id is not None:
                impersonation.note_end(session, why=impersonation.Why.SESSION)
    for start in range(0, len(found), BATCH):
        transaction.on_commit(partial(_tell, found[start : start + BATCH]))
    return found


def pk_of(actor: User | None) -> set[int]:
    """Who ends a session is named in its row, and foreign keys lock what they name: lock them with the others."""
    return set() if actor is None else {actor.pk}


def _note(session: LoginSession, actor: User | None) -> None:
    if session.end_reason not in {Reason.LOGOUT, Reason.EXPIRED}:
        audit.record(f"session.{session.end_reason}", session, actor=actor, person=session.user.username)


def _tell(ended: Collection[LoginSession]) -> None:
    """Tell the other nodes and close the sockets. The rows are right already: a failure here only costs time."""
    standing.bury({one.sid: one.end_reason for one in ended})
    by_code: dict[CloseCode, list[LoginSession]] = defaultdict(list)
    for session in ended:
        by_code[close_code(session.end_reason)].append(session)
    for code, some in by_code.items():
        try:
            if len(some) == 1:
                gateway.disconnect(user_id=some[0].user_id, session_id=some[0].sid, code=code)
            else:
                gateway.disconnect_sessions([one.sid for one in some], code=code)
        except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
            # the gateway of another process closes them at its next look at the rows
            log.info("session.sockets_not_closed", sessions=[one.sid for one in some][:10], problem=str(problem))


def close_run_out() -> int:
    """Put an end to the rows whose time is over, so that lists show them as what they are."""
    over = LoginSession.objects.unended().filter(expires_at__lte=timezone.now())
    found = list(over.values_list("pk", "user")[:1000])
    with transaction.atomic():
        lock(person for _pk, person in found)
        return len(close(over.filter(pk__in=[pk for pk, _person in found]), Reason.EXPIRED))
