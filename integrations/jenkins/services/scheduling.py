"""Builds at a time, or again and again: planned here, and run by the scheduler's tick."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.jenkins import rights
from integrations.jenkins.cron import Cron
from integrations.jenkins.errors import BadParameters
from integrations.jenkins.models import Job, Schedule, ScheduleQuerySet
from integrations.jenkins.services.asking import ask
from integrations.jenkins.services.keeping import given_by, keep
from project.core import audit
from project.core.errors import GatehouseError, InvalidParameters, NoPermission

log = structlog.get_logger(__name__)
MISSED_AFTER = timedelta(minutes=10)
"""A run that is later than this does not happen any more: it is counted as missed, and said."""
MOST_COUNTED = 1000


def schedules_of(person: Any) -> ScheduleQuerySet:
    """The schedules of jobs that `person` may see."""
    return Schedule.objects.filter(job__in=rights.jobs_of(person)).select_related("job", "job__server")


def plan(*, job: Job, name: str, by: Any, **fields: Any) -> Schedule:
    """Schedule builds of a job, once (`at`) or again and again (`cron`), with `by` as who asks for each.

    :param fields: `at` or `cron`; `time_zone`, `parameters`, `reason`, `notify_sms`, `enabled`. Secret parameters are sealed.
    :raises NoPermission, NotHere: when `by` may not build this job.
    :raises BadParameters: when these are not its parameters.
    :raises InvalidParameters: for a time that is over, or no cron line.
    """
    schedule = Schedule(job=job, name=name, created_by=by)
    _fill(schedule, fields, by)
    with transaction.atomic():
        schedule.save()
        audit.record("jenkins_schedule.created", schedule, actor=by, job=job.full_name, cron=schedule.cron)
    return schedule


def replan(schedule: Schedule, *, by: Any, **fields: Any) -> Schedule:
    """Change a schedule; whoever does asks for its builds from then on, and gives anew what is secret and not theirs.

    :raises NoPermission, NotHere, BadParameters, InvalidParameters: as `plan` does.
    """
    schedule.created_by = by
    _fill(schedule, fields, by)
    with transaction.atomic():
        schedule.save()
        audit.record("jenkins_schedule.changed", schedule, actor=by, job=schedule.job.full_name, fields=sorted(fields))
    return schedule


def unplan(schedule: Schedule, *, by: Any) -> None:
    """Forget a schedule; builds that it asked for stay.

    :raises NoPermission: unless it is theirs, or they may configure the job.
    """
    if schedule.created_by_id != by.pk and not rights.may(by, "configure", schedule.job):
        raise NoPermission
    with transaction.atomic():
        audit.record("jenkins_schedule.deleted", schedule, actor=by, job=schedule.job.full_name)
        schedule.delete()


def hand_schedules_over(schedules: ScheduleQuerySet, *, to: Any, by: Any) -> int:
    """Let somebody else ask for the builds of these schedules; nobody: they are switched off. Returns how many."""
    for schedule in schedules:
        schedule.created_by = to or schedule.created_by
        schedule.enabled = to is not None
        schedule.next_at = schedule.next_at if schedule.enabled else None
        schedule.save(update_fields=["created_by", "enabled", "next_at"])
        audit.record("jenkins_schedule.changed", schedule, actor=by, to=str(to or ""), job=schedule.job.full_name)
    return len(schedules)


def next_runs(schedule: Schedule, count: int = 5) -> list[datetime]:
    """When it runs next."""
    found: list[datetime] = []
    moment = timezone.now()
    while len(found) < count and (following := _next(schedule, moment)) is not None:
        found.append(following)
        moment = following
    return found if schedule.enabled else []


def run_due() -> int:
    """Ask for the builds whose time has come; return how many. Safe to be called by several at once."""
    asked = 0
    for schedule in Schedule.objects.due().select_related("job", "job__server", "created_by")[:200]:
        with transaction.atomic():
            asked += _run(schedule)
    return asked


def _run(schedule: Schedule) -> bool:
    due, now = schedule.next_at, timezone.now()
    following = _next(schedule, now) if schedule.at is None else None
    mine = Schedule.objects.filter(pk=schedule.pk, next_at=due, enabled=True)
    if due is None or not mine.update(next_at=following, enabled=following is not None):
        return False
    if now - due > MISSED_AFTER:
        missed = schedule.missed + _times_between(schedule, due, now)
        Schedule.objects.filter(pk=schedule.pk).update(missed=missed, missed_at=due)
        audit.record("jenkins_schedule.missed", schedule, job=schedule.job.full_name, due=due.isoformat())
        return False
    trouble = ""
    try:
        _ask(schedule)
    except GatehouseError as problem:
        trouble = str(problem)[:300]
        log.warning("jenkins.schedule_failed", schedule=schedule.pk, problem=trouble)
    Schedule.objects.filter(pk=schedule.pk).update(last_at=now, trouble=trouble)
    return not trouble


def _ask(schedule: Schedule) -> None:
    if schedule.created_by is None:
        raise NoPermission(_("Whoever planned it is not here any more."))
    with transaction.atomic():
        ask(
            job=schedule.job,
            by=schedule.created_by,
            given=given_by(schedule),
            reason=schedule.reason or schedule.name,
            notify_sms=schedule.notify_sms,
            schedule=schedule,
        )


def _times_between(schedule: Schedule, due: datetime, now: datetime) -> int:
    count, moment = 1, due
    while count < MOST_COUNTED and (following := _next(schedule, moment)) is not None and following <= now:
        count, moment = count + 1, following
    return count


def _next(schedule: Schedule, after: datetime) -> datetime | None:
    if schedule.at is not None:
        return schedule.at if schedule.at > after else None
    return Cron.parse(schedule.cron).after(after, ZoneInfo(schedule.time_zone or settings.TIME_ZONE))


def _fill(schedule: Schedule, fields: Mapping[str, Any], by: Any) -> None:
    rights.ensure_may(by, "build", schedule.job)
    for name in ("name", "at", "cron", "time_zone", "reason", "notify_sms", "enabled"):
        if name in fields:
            setattr(schedule, name, fields[name])
    wrong = _wrong(schedule)
    try:
        keep(schedule, fields.get("parameters", schedule.shown_parameters), by=by)
    except BadParameters as problem:
        if not wrong:
            raise
        wrong |= problem.fields
    if wrong:
        raise InvalidParameters(fields=wrong)
    schedule.next_at = _next(schedule, timezone.now()) if schedule.enabled else None
    if schedule.enabled and schedule.next_at is None:
        where = "at" if schedule.at is not None else "cron"
        raise InvalidParameters(fields={where: [_("This never happens any more.")]})


def _wrong(schedule: Schedule) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    if (schedule.at is None) == (not schedule.cron):
        wrong["at"] = wrong["cron"] = [_("Give a time or a cron line, and not both.")]
    elif schedule.cron:
        try:
            Cron.parse(schedule.cron)
        except ValueError:
            wrong["cron"] = [_("This is no cron line; for example “30 6 * * 1-5”.")]
    try:
        ZoneInfo(schedule.time_zone or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["time_zone"] = [_("There is no such time zone.")]
    return wrong
