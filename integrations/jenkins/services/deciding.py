"""Four eyes: a second person decides about builds that want one. Admin, API and sockets all come through here."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.jenkins import rights, telling
from integrations.jenkins.errors import NotInThisState, SecondPersonNeeded, TooLateForApproval
from integrations.jenkins.models import Build, BuildQuerySet, Job
from integrations.jenkins.services import noticing
from project.core import audit, context, jobs
from project.core.errors import InvalidParameters, NoPermission


def approve(build: Build, *, by: Any, reason: str = "") -> Build:
    """Let a build start.

    :raises SecondPersonNeeded: when `by` asked for it, whoever they are or act as.
    :raises NoPermission: when they may not approve builds of this job, or have not the role.
    :raises TooLateForApproval: when its time is over.
    :raises NotInThisState: when it was decided about already.
    """
    with transaction.atomic():
        _decide(build, by, Build.State.APPROVED, reason)
        jobs.wake(build)
    return build


def reject(build: Build, *, by: Any, reason: str) -> Build:
    """Refuse a build; whoever asked is told why.

    :raises SecondPersonNeeded, NoPermission, TooLateForApproval, NotInThisState: as `approve` does.
    """
    with transaction.atomic():
        _decide(build, by, Build.State.REJECTED, reason)
        noticing.over(build)
    return build


def may_decide(build: Build, person: Any) -> bool:
    """Whether `person` could approve or reject this build now, for buttons."""
    try:
        _ensure_may_decide(build, person)
    except NoPermission:
        return False
    return build.state == Build.State.REQUESTED and not build.is_late


def waiting_for(person: Any) -> BuildQuerySet:
    """The builds that `person` could approve or reject now: what `may_decide` says of each, in one query."""
    excluded = {person.pk, _acting(person)} - {None}
    rows = rights.builds_of(person, "approve").waiting().exclude(expires_at__lte=timezone.now())
    rows = rows.exclude(created_by__in=excluded).exclude(actor_id__in=excluded)
    if person.is_superuser:
        return rows
    roles = person.groups.values_list("pk", flat=True)
    return rows.filter(Q(approver_role=None) | Q(approver_role__in=list(roles)))


def expire_late() -> int:
    """End what nobody approved in time; return how many."""
    late = Build.objects.waiting().filter(expires_at__lte=timezone.now()).select_related("job", "server")
    ended = 0
    for build in late[:200]:
        with transaction.atomic():
            if build.move(Build.State.EXPIRED):
                audit.record("jenkins_build.expired", build)
                noticing.over(build)
                ended += 1
    return ended


def want_approval(job: Job, *, needed: bool, role: Any = None, hours: int = 24, by: Any) -> Job:
    """Say whether builds of a job, or of all jobs in a folder, want a second person.

    :raises NoPermission: unless `by` is a superuser: else who may build could do without the second person first.
    """
    rights.ensure_superuser(by)
    if not 1 <= hours <= 24 * 365:
        raise InvalidParameters(fields={"approval_hours": ["1 – 8760"]})
    with transaction.atomic():
        job.needs_approval, job.approver_role, job.approval_hours = needed, role, hours
        job.save(update_fields=["needs_approval", "approver_role", "approval_hours"])
        audit.record(
            "jenkins_job.approval", job, actor=by, needed=needed, role=str(role or ""), hours=hours, job=job.full_name
        )
    return job


def _decide(build: Build, by: Any, state: str, reason: str) -> None:
    _ensure_may_decide(build, by)
    if build.state != Build.State.REQUESTED:
        raise NotInThisState(state=build.get_state_display())
    if build.is_late:
        raise TooLateForApproval
    fields = {"decided_by": by, "decided_at": timezone.now(), "decision": reason[:300]}
    if not build.move(state, **fields):
        build.refresh_from_db()
        raise NotInThisState(state=build.get_state_display())
    event = "approved" if state == Build.State.APPROVED else "rejected"
    audit.record(f"jenkins_build.{event}", build, actor=by, reason=reason, job=build.job.full_name)
    transaction.on_commit(partial(telling.build, build))


def _ensure_may_decide(build: Build, by: Any) -> None:
    if {by.pk, _acting(by)} & {build.created_by_id, build.actor_id} - {None}:
        raise SecondPersonNeeded
    rights.ensure_may(by, "approve", build.job)
    role = build.approver_role_id
    if role is not None and not by.is_superuser and not by.groups.filter(pk=role).exists():
        raise NoPermission


def _acting(by: Any) -> int | None:
    """Who it really is, while somebody acts as `by`."""
    person = context.get_user()
    return person.actor_id if person is not None and person.user_id == by.pk else None
