"""Acting as somebody else."""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import alarms, errors, impersonation, standing
from accounts.impersonation.state import MAY_WRITE, has_access, may_act_as
from accounts.models import LoginSession, User
from accounts.scope import outranks
from accounts.services import guards
from accounts.sessions.ending import lock
from project.core import audit
from project.core.errors import NoPermission

REASON_LENGTH = 200


@transaction.atomic
def impersonate(*, session: LoginSession, subject: User, by: User, reason: str, writes: bool = False) -> LoginSession:
    """Let `by` act as `subject` in their own live session, for IMPERSONATION_SECONDS at most; return the session.

    Nothing is counted as a sign-in of the subject, who is told. The session's sockets close.

    :param writes: to change things, too: needs a permission of its own.
    :raises ValidationError: without a reason.
    :raises NotForMachines, NotWhileActing: when it is not `by` themselves who ask.
    :raises NotThisPerson: oneself, or somebody who has no access there; a superuser, to change things.
    :raises NoPermission: without the permission, or when the subject is not among the people `by` sees.
    :raises NotAbove: unless `by` stands above the subject.
    :raises ActsAlready: when the session has a subject already.
    :raises NotSignedIn: when the session has ended meanwhile.
    """
    guards.ensure_person(by)
    reason = _good(reason)
    # what follows is true until it is written
    people = {one.pk: one for one in lock([by.pk, subject.pk])}
    actor, person = people[by.pk], people.get(subject.pk)
    if person is None:
        raise errors.NotThisPerson(_("There is no such person any more."))
    _ensure_may(actor, person, session, writes=writes)
    now = timezone.now()
    until = min(now + timedelta(seconds=settings.IMPERSONATION_SECONDS), session.runs_out_at)
    mine = LoginSession.objects.live().filter(pk=session.pk, user=actor)
    if not mine.filter(subject=None).update(subject=person, subject_until=until, subject_writes=writes):
        raise errors.ActsAlready if mine.exists() else errors.NotSignedIn
    audit.record("impersonation.started", person, actor=actor, reason=reason, writes=writes, session=session.sid)
    if settings.IMPERSONATION_TELLS:
        alarms.impersonated(person, by=actor, reason=reason, until=until, writes=writes)
    transaction.on_commit(partial(standing.forget, session.sid))
    transaction.on_commit(partial(impersonation.close_sockets, session))
    # not the caller's object: others may look at it before this is committed
    return LoginSession.objects.select_related("user", "subject").get(pk=session.pk)


def stop_impersonating(*, session: LoginSession) -> bool:
    """Make the person of `session` themselves again; False when they were already."""
    # the row, whatever is known of it here: who stops means it
    row = LoginSession.objects.select_related("user").filter(pk=session.pk).first()
    return row is not None and row.subject_id is not None and impersonation.end(row, why=impersonation.Why.STOPPED)


def _good(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": _("Say why: it goes into the audit trail, and the person reads it.")})
    if len(reason) > REASON_LENGTH or not reason.isprintable():
        raise ValidationError({"reason": _("At most {limit} characters of plain text.").format(limit=REASON_LENGTH)})
    return reason


def _ensure_may(actor: User, person: User, session: LoginSession, *, writes: bool) -> None:
    if actor.pk == person.pk:
        raise errors.NotThisPerson
    if not outranks(actor, person):
        raise errors.NotAbove
    if writes and person.is_superuser:
        raise errors.NotThisPerson(_("As a superuser you only look: what they may, you may do in your own name."))
    if not may_act_as(actor, person) or (writes and not actor.has_perm(MAY_WRITE)):
        raise NoPermission
    if not person.is_active:
        raise errors.NotThisPerson(_("This account is disabled."))
    if not has_access(person, session.scope):
        raise errors.NotThisPerson(_("This person has no access to the back office: act as them over the API."))
