"""A Jenkins that is none (`make jenkins-sim`), its jobs, and builds that people of the invented company asked for."""

import http.client
import json
import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from integrations.jenkins import names
from integrations.jenkins.models import Build, Job, Server
from project.demo.people import local

HOST, PORT, USER = "127.0.0.1", 8080, "admin"
TOKEN = "11f0d3b1c5a94d7e8a6b2c9d0e1f2a3b4c"  # noqa: S105 (the simulator prints it; it opens nothing else)
PROBE_SECONDS, ANSWER_BYTES = 0.5, 100_000
FOLDERS = ("Release", "Nightly", "Nightly/Databases")
JOBS = {
    "build-shop": "success",
    "build-app": "failed",
    "lint": "unstable",
    "never-built": "not_built",
    "Release/release": "not_built",
    "Release/rollback": "aborted",
    "Nightly/backup": "not_built",
    "Nightly/reports": "success",
    "Nightly/Databases/shrink": "not_built",
    "Nightly/Databases/check": "failed",
}
NEEDS_APPROVAL = "Release"
RELEASE: list[dict[str, Any]] = [
    {"name": "VERSION", "kind": "StringParameterDefinition", "description": "", "default": "1.0.0", "choices": []},
    {
        "name": "TARGET", "kind": "ChoiceParameterDefinition", "description": "", "default": "staging",
        "choices": ["staging", "production"],
    },
    {"name": "DRY_RUN", "kind": "BooleanParameterDefinition", "description": "", "default": True, "choices": []},
]  # fmt: skip
ENDED = (Build.State.SUCCESS, Build.State.SUCCESS, Build.State.FAILED, Build.State.UNSTABLE, Build.State.ABORTED)
REASONS = (
    "商城新结算页上线 The shop's new checkout goes live",
    "客户等待的修复 A correction that customers wait for",
)
WAITING = 2


def server() -> Server:
    """The simulator; switched on when it runs, else off, with what it would tell."""
    runs = simulator_runs()
    row = Server(
        name=local("模拟器 Simulator"), url=f"http://{HOST}:{PORT}/", user=USER, networks=["127.0.0.0/8"], enabled=runs,
        state={"jobs": len(JOBS)}, fetched_at=timezone.now(),
    )  # fmt: skip
    row.seal(TOKEN)
    row.save()
    return row


def jobs(server: Server) -> list[Job]:
    """Its folders and jobs."""
    rows = [_job(server, name, is_folder=True) for name in FOLDERS]
    rows += [_job(server, name, status=status) for name, status in JOBS.items()]
    Job.objects.bulk_create(rows)
    return list(Job.objects.filter(server=server))


def builds(jobs: list[Job], people: list[User], chance: random.Random) -> list[Build]:
    """Builds of the last two weeks, and some that wait for a second person."""
    staff = [one for one in people if one.is_staff]
    built = [one for one in jobs if one.status in {"success", "failed", "unstable", "aborted"}]
    rows = [_ended(place, chance.choice(built), chance.choice(staff), chance) for place in range(24)]
    release = next(one for one in jobs if one.full_name == "Release/release")
    rows += [_waiting(place, release, chance.choice(staff)) for place in range(WAITING)]
    Build.objects.bulk_create(rows)
    return rows


def simulator_runs(port: int = PORT) -> bool:
    """Whether what listens at its address is the simulator, and not somebody's Jenkins, or another server."""
    line = http.client.HTTPConnection(HOST, port, timeout=PROBE_SECONDS)
    try:
        line.request("GET", "/__sim__/faults")
        answer = line.getresponse()
        # other servers, too, may have a page for whatever they are asked
        told = json.loads(answer.read(ANSWER_BYTES)) if answer.status == http.client.OK else None
        return isinstance(told, dict) and "faults" in told
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        line.close()


def _job(server: Server, full_name: str, *, status: str = "not_built", is_folder: bool = False) -> Job:
    was_built = status != "not_built"
    return Job(
        server=server,
        full_name=full_name,
        name=full_name.rpartition("/")[2],
        folder=names.folder_of(full_name),
        is_folder=is_folder,
        buildable=not is_folder,
        url=f"{server.url}{names.path(full_name)}",
        status=status,
        last_status={"success": 1, "failed": 2}.get(status, 0),
        last_number=7 if was_built else 0,
        next_number=8 if was_built else 1,
        last_built_at=timezone.now() - timedelta(hours=7) if was_built else None,
        last_milliseconds=20_000 if was_built else 0,
        health={"success": 100, "failed": 40, "unstable": 80}.get(status),
        parameters=RELEASE if full_name.startswith("Release/") else [],
        needs_approval=full_name == NEEDS_APPROVAL,
    )


def _ended(place: int, job: Job, by: User, chance: random.Random) -> Build:
    asked = timezone.now() - timedelta(hours=2 + 13 * place, minutes=chance.randrange(60))
    state = chance.choice(ENDED)
    began = asked + timedelta(seconds=6)
    took = chance.randrange(8_000, 240_000)
    return Build(
        state=state,
        server=job.server,
        job=job,
        created_by=by,
        created_at=asked,
        reason=local("新版本的夜间检查 Nightly check of the new version") if place % 3 == 0 else "",
        parameters=_given(job),
        asked_at=asked + timedelta(seconds=1),
        queue_number=400 - place,
        number=max(1, 7 - place % 7),
        result=str(state).upper(),
        url=f"{job.url}{max(1, 7 - place % 7)}/",
        began_at=began,
        started_at=asked + timedelta(seconds=1),
        finished_at=began + timedelta(milliseconds=took),
        milliseconds=took,
        estimated_milliseconds=90_000,
    )


def _waiting(place: int, job: Job, by: User) -> Build:
    asked = timezone.now() - timedelta(minutes=11 + 47 * place)
    return Build(
        state=Build.State.REQUESTED,
        server=job.server,
        job=job,
        created_by=by,
        created_at=asked,
        reason=local(REASONS[place % len(REASONS)]),
        parameters=_given(job) | {"TARGET": "production", "DRY_RUN": False},
        expires_at=_until(asked),
    )


def _given(job: Job) -> dict[str, Any]:
    return {one["name"]: one["default"] for one in job.parameters}


def _until(asked: datetime) -> datetime:
    return asked + timedelta(hours=24)
