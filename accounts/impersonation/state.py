"""Who acts as whom at this moment, and how that ends."""

from functools import partial

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import errors, standing
from accounts.models import LoginSession, User
from project.core import audit
from project.core.errors import GatehouseError, Unreachable
from realtime import gateway
from realtime.core.codes import CloseCode

log = structlog.get_logger(__name__)

MAY = "accounts.impersonate_user"
MAY_WRITE = "accounts.impersonate_write"
NO_SOCKETS = _("There are no sockets while you act as somebody else.")


class Why(models.TextChoices):
    """Why somebody acts as somebody no more."""

    STOPPED = "stopped", _("It was stopped.")
    TIME = "time", _("The time for it is over.")
    LOST = "lost", _("You may not act as this person any more.")
    GONE = "gone", _("Their account is disabled or has no access here any more.")
    SESSION = "session", _("The session is over.")


def who_acts(session: LoginSession) -> User:
    """Return the person a live session speaks for: its own, or the one they act as, with `impersonator` set.

    :raises ActsNoMore: when acting is over at this moment; from the next call on the person is themselves.
    :raises Unreachable: when the database cannot be asked.
    """
    if session.subject_id is None:
        return session.user
    try:
        # not session.subject: that would be as old as what is known of the session
        subject = User.objects.get_queryset().filter(pk=session.subject_id).first()
        why = explain(session, subject)
        if why:
            end(session, why=why)
            raise errors.ActsNoMore(name=subject or "?", why=Why(why).label)
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem
    assert subject is not None  # noqa: S101 (explain has said so)
    subject.impersonator = session.user
    return subject


def explain(session: LoginSession, subject: User | None) -> str:
    """Tell why the person of `session` acts as `subject` no more; "" while they do."""
    if session.subject_until is None or session.subject_until <= timezone.now():
        return Why.TIME
    if subject is None or not has_access(subject, session.scope):
        return Why.GONE
    return "" if may_act_as(session.user, subject) else Why.LOST


def has_access(subject: User, where: str) -> bool:
    """Could `subject` themselves be there, in the API or the back office?"""
    return subject.is_active and (subject.is_staff or where != LoginSession.Scope.ADMIN)


def may_act_as(actor: User, subject: User) -> bool:
    """Tell whether `actor` has the permission, stands above `subject` and sees them."""
    return actor.pk != subject.pk and actor.has_perm(MAY, subject)


def may_write(session: LoginSession, subject: User) -> bool:
    """Tell whether who acts as `subject` chose to change things, and still may; as a superuser one only looks."""
    return session.subject_writes and not subject.is_superuser and session.user.has_perm(MAY_WRITE)


def end(session: LoginSession, *, why: str) -> bool:
    """Make the person of `session` themselves again; False when they were already.

    Of many who notice at once one writes it down. A database that cannot be written to ends nothing, and lets nobody act.
    """
    try:
        with transaction.atomic():
            # the person first, as whoever writes of their sessions does
            User.objects.get_queryset().select_for_update().filter(pk=session.user_id).first()
            return note_end(session, why=why)
    except DatabaseError as problem:
        log.warning("impersonation.not_ended", session=session.sid, problem=str(problem))
        return False


def note_end(session: LoginSession, *, why: str) -> bool:
    """`end`, within the transaction of who has locked the person."""
    same = LoginSession.objects.filter(
        pk=session.pk, subject=session.subject_id, subject_until=session.subject_until, subject__isnull=False
    )
    ended = same.update(subject=None, subject_until=None, subject_writes=False)
    if ended:
        subject = User.objects.get_queryset().filter(pk__in=[session.subject_id]).first()
        audit.record("impersonation.ended", subject, actor=session.user, why=str(why), session=session.sid)
    transaction.on_commit(partial(standing.forget, session.sid))
    return bool(ended)


def end_all_of(subject: User) -> int:
    """Let nobody act as `subject` any more, within the transaction that locked them; return how many did."""
    acting = LoginSession.objects.filter(subject=subject).select_related("user")
    return sum(note_end(session, why=Why.GONE) for session in acting)


def end_run_out() -> int:
    """End what is over and nobody has asked about since; return how many."""
    acting = LoginSession.objects.unended().exclude(subject=None).select_related("user", "subject")
    over = [(session, why) for session in acting[:1000] if (why := explain(session, session.subject))]
    return sum(end(session, why=why) for session, why in over)


def close_sockets(session: LoginSession) -> None:
    """Close the sockets that were opened as oneself. A failure only costs time: the next look at the rows closes them."""
    try:
        gateway.disconnect(session_id=session.sid, code=CloseCode.NOT_AUTHENTICATED, reason=str(NO_SOCKETS))
    except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
        log.info("impersonation.sockets_not_closed", session=session.sid, problem=str(problem))
