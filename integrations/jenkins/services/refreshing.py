"""The state of servers: asked for in one request each, kept, and pushed to open pages."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.jenkins import names, telling
from integrations.jenkins.client import Client, shapes
from integrations.jenkins.models import Job, Server
from integrations.jenkins.services.servers import client_of
from project.core.errors import GatehouseError

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=30)
AT_ONCE = 200
"""Rows written with one statement; SQLite takes no more variables."""
TOLD = (
    "is_folder", "name", "folder", "url", "description", "last_status", "status", "building", "buildable", "last_number",
    "next_number", "last_built_at", "last_milliseconds", "health", "health_text", "parameters",
)  # fmt: skip
"""What is Jenkins' to say about a job."""


def servers_due() -> list[Server]:
    """Those whose turn it is."""
    # a little early, so that a clock that ticks as often does not find each a moment too young
    return list(Server.objects.due(timedelta(seconds=settings.JENKINS_REFRESH_SECONDS - 1)))


def refresh(server: Server) -> bool:
    """Ask a server for all its jobs, unless somebody is asking it already. Whether it answered is written on its row.

    Returns whether the state is fresh now.
    """
    asked_at = timezone.now()
    if not _claim(server, asked_at):
        return False
    try:
        with client_of(server) as client:
            info, told = client.overview()
    except GatehouseError as problem:
        _stale(server, problem)
        return False
    finally:
        Server.objects.filter(pk=server.pk).update(lease_until=None)
    _keep(server, told, info, asked_at)
    return True


def know(server: Server, client: Client, full_name: str) -> Job:
    """Ask for one job alone, and return its row.

    :raises GatehouseError: one of integrations.jenkins.errors.
    """
    told = client.job(full_name)
    _write(server, [told], timezone.now())
    job = Job.objects.get(server=server, full_name=told.full_name)
    transaction.on_commit(partial(telling.jobs, server, [job]))
    return job


def refresh_job(job: Job) -> Job:
    """Ask for one job alone, at this moment.

    :raises GatehouseError: one of integrations.jenkins.errors.
    """
    with client_of(job.server) as client:
        return know(job.server, client, job.full_name)


def _claim(server: Server, now: datetime) -> bool:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    taken = Server.objects.enabled().filter(free, pk=server.pk).update(lease_until=now + LEASE, asked_at=now)
    return taken == 1


def _stale(server: Server, problem: GatehouseError) -> None:
    row = Server.objects.filter(pk=server.pk)
    news = row.filter(stale_since=None).update(stale_since=timezone.now())
    row.update(trouble=str(problem)[:300], trouble_code=problem.code)
    server.refresh_from_db()
    if news:
        log.warning("jenkins.server_down", server=server.name, code=problem.code)
        telling.server(server)


def _keep(server: Server, told: Iterable[shapes.JobState], info: shapes.Info, now: datetime) -> None:
    """Write what was told; `now` is when it was asked for: what was seen since then is not gone."""
    known = [one for one in told if len(one.full_name) <= names.LONGEST]
    changed = _write(server, known, now)
    gone = Job.objects.present().filter(server=server).filter(Q(seen_at__lt=now) | Q(seen_at=None))
    gone_ids = list(gone.values_list("pk", flat=True))
    if gone_ids:
        Job.objects.filter(pk__in=gone_ids).update(gone_at=now)
    was_down = server.stale_since is not None
    state = {"info": vars(info), "jobs": sum(not one.is_folder for one in known)}
    Server.objects.filter(pk=server.pk).update(
        state=state, version=info.version, fetched_at=now, stale_since=None, trouble="", trouble_code=""
    )
    server.refresh_from_db()
    if was_down:
        telling.server(server)
    if changed or gone_ids:
        transaction.on_commit(partial(telling.jobs, server, changed, gone_ids))


def _write(server: Server, told: list[shapes.JobState], now: datetime) -> list[Job]:
    """Write what Jenkins says of jobs; return those that are new or say something new."""
    wanted = {one.full_name: one for one in told}
    rows = Job.objects.filter(server=server)
    rows = rows.filter(full_name__in=wanted) if len(wanted) < AT_ONCE else rows
    known = {one.full_name: one for one in rows if one.full_name in wanted}
    new = [_filled(Job(server=server, full_name=name), one) for name, one in wanted.items() if name not in known]
    changed: list[Job] = []
    same: list[Job] = []
    for name, row in known.items():
        before = [getattr(row, field) for field in TOLD] + [row.gone_at]
        _filled(row, wanted[name])
        (changed if [getattr(row, field) for field in TOLD] + [None] != before else same).append(row)
    for row in (*new, *changed):
        row.seen_at, row.gone_at = now, None
    with transaction.atomic():
        Job.objects.bulk_create(new, batch_size=AT_ONCE, update_conflicts=False, ignore_conflicts=True)
        Job.objects.bulk_update(changed, [*TOLD, "seen_at", "gone_at"], batch_size=AT_ONCE // len(TOLD))
        for start in range(0, len(same), AT_ONCE):
            Job.objects.filter(pk__in=[one.pk for one in same[start : start + AT_ONCE]]).update(seen_at=now)
    created = Job.objects.filter(server=server, seen_at=now, full_name__in=[one.full_name for one in new[:AT_ONCE]])
    return [*created, *changed] if new else changed


def _filled(row: Job, told: shapes.JobState) -> Job:
    values: dict[str, Any] = {
        "is_folder": told.is_folder,
        "name": told.full_name.rpartition("/")[2],
        "folder": names.folder_of(told.full_name),
        "url": told.url[:1000],
        "description": told.description[:10_000],
        "last_status": told.status,
        "status": told.full_status,
        "building": told.last_building,
        "buildable": told.buildable and not told.is_folder,
        "last_number": min(told.last_number, 2**31 - 1),
        "next_number": min(told.next_number, 2**31 - 1),
        "last_built_at": told.last_at,
        "last_milliseconds": told.last_milliseconds,
        "health": None if told.health is None else max(0, min(told.health, 100)),
        "health_text": told.health_text[:300],
        "parameters": [_kept(one) for one in told.parameters],
    }
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _kept(one: shapes.Parameter) -> dict[str, Any]:
    return {
        "name": one.name[:200],
        "kind": one.kind[:100],
        "description": one.description[:1000],
        "default": one.default,
        "choices": list(one.choices),
    }
