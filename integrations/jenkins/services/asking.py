"""Builds are asked for, asked for once more, and stopped."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.jenkins import names, parameters, rights, sealing, telling
from integrations.jenkins.errors import BadParameters, NotInThisState
from integrations.jenkins.models import Build, Job, Schedule
from integrations.jenkins.services import noticing
from integrations.jenkins.services.servers import client_of
from project.core import audit, context, jobs
from project.core.errors import Conflict, NoPermission, NotFound, Unreachable

TWICE_WITHIN = timedelta(seconds=5)
"""Asked for twice by the same person in so short a time, with nothing else in it, it is one: as Jenkins takes two alike."""


def ask(
    *,
    job: Job,
    by: Any,
    given: Mapping[str, Any] | None = None,
    reason: str = "",
    notify_sms: bool = False,
    key: str = "",
    schedule: Schedule | None = None,
) -> Build:
    """Ask for a build: it starts at once, or waits for a second person where the job, or a folder above it, wants one.

    :param given: parameters by name; the others stay with the job's default. Secret ones are kept sealed until Jenkins
        has them, and no longer.
    :param key: asked again with the same one, it is the same build.
    :raises NoPermission: when `by` may not build this job.
    :raises BadParameters: when these are not its parameters.
    :raises Conflict: when it cannot be built.
    """
    rights.ensure_may(by, "build", job)
    if job.is_folder or not job.buildable or job.gone_at is not None or not job.server.enabled:
        raise Conflict(_("“{name}” cannot be built at present.").format(name=job.full_name))
    found = parameters.checked(job, given or {})
    digest = hashlib.sha256(f"{by.pk}:{job.pk}:{key}".encode()).hexdigest() if key else None
    with transaction.atomic():
        # one after the other for each job: of two presses the second finds the first
        Job.objects.select_for_update().get(pk=job.pk)
        if (twin := _twin(job, by, found, digest, schedule)) is not None:
            return twin
        build = _row(job, by, found, digest)
        build.reason, build.notify_sms, build.schedule = reason[:300], notify_sms, schedule
        build.save(force_insert=True)
        details = {"job": job.full_name, "server": job.server.name, "parameters": build.shown_parameters}
        audit.record("jenkins_build.asked", build, actor=by, reason=reason, **details)
        transaction.on_commit(partial(telling.build, build))
        if build.state == Build.State.APPROVED:
            jobs.wake(build)
        else:
            noticing.have_approvers_asked(build)
    return build


def ask_again(
    build: Build, *, by: Any, secrets: Mapping[str, Any] | None = None, reason: str = "", key: str = ""
) -> Build:
    """Ask for a build with the same parameters.

    :param secrets: the secret ones, and files, anew: they were not kept.
    :raises BadParameters: when one of those is missing.
    """
    gone = not_kept(build)
    missing = [name for name in gone if name not in (secrets or {})]
    if missing:
        raise BadParameters(fields={"parameters": {name: [_("It was not kept: give it anew.")] for name in missing}})
    given = {name: value for name, value in build.parameters.items() if name not in gone}
    return ask(
        job=build.job,
        by=by,
        given={**given, **(secrets or {})},
        reason=reason or build.reason,
        notify_sms=build.notify_sms,
        key=key,
    )


def not_kept(build: Build) -> list[str]:
    """The parameters that whoever wants the same build again gives anew: secret ones, and files."""
    files = {one.name for one in build.job.definitions if one.kind in parameters.FILES}
    return sorted({*build.secret_names, *(files & build.parameters.keys())})


def may_stop(build: Build, person: Any) -> bool:
    """Whether `person` could stop this build now, for buttons."""
    try:
        _ensure_may_stop(build, person)
    except NoPermission:
        return False
    return not build.finished


def last_given(job: Job, *, by: Any) -> dict[str, Any]:
    """What `by` gave for this job's parameters the last time, without secrets and files: for the form."""
    last = (
        Build.objects.filter(job=job, created_by=by)
        .order_by("-created_at")
        .values_list("parameters", flat=True)
        .first()
    )
    known = {one.name for one in job.asks_for if not one.secret and one.kind not in parameters.FILES}
    return {name: value for name, value in (last or {}).items() if name in known}


def stop(build: Build, *, by: Any) -> Build:
    """Stop a build wherever it is: withdraw it, take it out of the queue, or stop what runs.

    Where Jenkins cannot be reached, it is stopped as soon as it can.

    :raises NoPermission: unless `by` asked for it, or may stop others'.
    :raises NotInThisState: when it is over.
    """
    _ensure_may_stop(build, by)
    with transaction.atomic():
        if build.finished:
            raise NotInThisState(state=build.get_state_display())
        audit.record("jenkins_build.stopped", build, actor=by, was=build.state)
        fields = {"stopped_by": by, "stop_asked_at": timezone.now()}
        if build.asked_at is None and build.number is None and _withdraw(build, fields):
            return build
        Build.objects.filter(pk=build.pk).exclude(state__in=Build.FINAL).update(**fields)
    build.refresh_from_db()
    try:
        with client_of(build.server) as client:
            stop_at_jenkins(build, client)
    except (Unreachable, NotFound):
        pass  # the worker sees that it is to be stopped, each time it looks
    jobs.wake(build)
    return build


def withdraw(build: Build, *, by: Any) -> bool:
    """Do without a build that did not start; tell whether it was still to be had. Whoever calls says who may."""
    with transaction.atomic():
        moved = build.asked_at is None and _withdraw(build, {"stopped_by": by, "stop_asked_at": timezone.now()})
        if moved:
            audit.record("jenkins_build.stopped", build, actor=by)
    return moved


def stop_at_jenkins(build: Build, client: Any) -> None:
    """Take it out of Jenkins' queue, or stop it there."""
    if build.number is not None:
        client.stop_build(build.job.full_name, build.number)
    elif build.queue_number is not None:
        client.cancel(build.queue_number)


def approval_of(job: Job) -> Job | None:
    """The job or the nearest folder above it that wants a second person for its builds."""
    above = names.folders_of(job.full_name)
    asking = {
        one.full_name: one for one in Job.objects.filter(server=job.server_id, full_name__in=above, needs_approval=True)
    }
    return next((asking[name] for name in above if name in asking), None)


def _row(job: Job, by: Any, found: parameters.Given, digest: str | None) -> Build:
    wants = approval_of(job)
    person = context.get_user()
    build = Build(
        server=job.server,
        job=job,
        state=Build.State.REQUESTED if wants else Build.State.APPROVED,
        created_by=by,
        actor_id=person.actor_id if person and person.user_id == by.pk else None,
        key=digest,
        parameters=found.plain,
        secret=sealing.close(sealing.PARAMETERS, found.secret),
        secret_names=found.secret_names,
        language=getattr(by, "language", "") or get_language() or "",
    )
    if wants is not None:
        build.approver_role = wants.approver_role
        build.expires_at = timezone.now() + timedelta(hours=wants.approval_hours)
    return build


def _twin(job: Job, by: Any, found: parameters.Given, digest: str | None, schedule: Schedule | None) -> Build | None:
    if digest is not None:
        return Build.objects.filter(key=digest).first()
    if found.secret or schedule is not None:
        return None
    lately = Build.objects.open().filter(
        job=job, created_by=by, key=None, schedule=None, created_at__gt=timezone.now() - TWICE_WITHIN
    )
    return next((one for one in lately if one.parameters == found.plain and not one.secret_names), None)


def _withdraw(build: Build, fields: dict[str, Any]) -> bool:
    moved = build.move(Build.State.ABORTED, **fields)
    if moved:
        transaction.on_commit(partial(telling.build, build))
    return moved


def _ensure_may_stop(build: Build, by: Any) -> None:
    if build.created_by_id != by.pk and not by.has_perm("jenkins.stop_build"):
        rights.ensure_may(by, "configure", build.job)
    rights.ensure_may(by, "build", build.job)
