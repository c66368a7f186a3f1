"""What open pages and people are told at once. A push is a courtesy: nothing fails for it, and what matters is a row."""

from collections.abc import Callable, Iterable
from typing import Any

import structlog

from integrations.jenkins.models import Build, Job, Server
from realtime import gateway

log = structlog.get_logger(__name__)
JOBS, BUILDS, LOG = "jenkins.jobs", "jenkins.builds", "jenkins.log"
"""Groups; of logs, the beginning of one for each build."""
AT_ONCE = 200
"""Jobs in one frame; pages that see more changes than fit look again."""


def about_job(job: Job) -> dict[str, Any]:
    """What a page needs to draw a job anew. Names are not in it: whoever sees the job has them already."""
    return {
        "id": job.pk,
        "status": job.status,
        "last_status": job.last_status,
        "building": job.building,
        "last_number": job.last_number,
        "next_number": job.next_number,
        "health": job.health,
    }


def about_build(build: Build) -> dict[str, Any]:
    """What a page needs to draw a build anew."""
    return {
        "id": str(build.pk),
        "job": build.job_id,
        "state": build.state,
        "number": build.number,
        "result": build.result,
        "why": build.why_waiting,
        "milliseconds": build.milliseconds,
    }


def jobs(server: Server, changed: Iterable[Job], gone: Iterable[int] = ()) -> None:
    """Jobs of a server look otherwise than before, or are gone."""
    told = [about_job(one) for one in changed]
    for start in range(0, max(1, len(told)), AT_ONCE):
        part = {"server": server.pk, "fetched_at": _text(server.fetched_at), "stale_since": None}
        _push(
            gateway.send_group,
            JOBS,
            "jenkins.jobs",
            {**part, "jobs": told[start : start + AT_ONCE], "gone": list(gone)},
        )


def server(server: Server) -> None:
    """A server does not answer any more, or does so again."""
    part = {"server": server.pk, "fetched_at": _text(server.fetched_at), "stale_since": _text(server.stale_since)}
    _push(gateway.send_group, JOBS, "jenkins.jobs", {**part, "jobs": [], "gone": []})


def build(build: Build) -> None:
    """A build moved on: whoever asked for it, and pages that show builds."""
    told = about_build(build)
    # why it waits may name other jobs: that is for who asked, and for whoever may read the build
    _push(gateway.send_group, BUILDS, "jenkins.builds", {**told, "why": ""}, exclude_user=build.created_by_id)
    if build.created_by_id:
        _push(gateway.send_user, build.created_by_id, "jenkins.builds", told)


def person(person_id: int, build: Build, event: str) -> None:
    """Tell one person about a build: `event` is "asked" (it waits for their decision) or "over"."""
    told = {**about_build(build), "event": event, "name": str(build)}
    _push(gateway.send_user, person_id, "jenkins.builds", told)


def log_group(build_id: Any) -> str:
    return f"{LOG}.{build_id}"


def log_piece(build_id: Any, told: dict[str, Any]) -> None:
    """A build wrote more."""
    _push(gateway.send_group, log_group(build_id), "jenkins.log", told)


def _push(send: Callable[..., Any], whom: Any, topic: str, data: dict[str, Any], **options: Any) -> None:
    try:
        send(whom, topic, data, **options)
    except Exception as problem:  # noqa: BLE001 (a push is a courtesy: the work must not fail for it)
        log.debug("jenkins.not_pushed", topic=topic, problem=type(problem).__name__)


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
