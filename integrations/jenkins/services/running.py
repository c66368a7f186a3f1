"""A worker takes a build through Jenkins: started once, whatever dies in between, and watched until it is over.

Before Jenkins is asked, that is written down. Whoever finds it written without an answer looks whether the build is there
before asking again: by the parameter that names it, where the job has one, else by what is new since, with the same
parameters and our user.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.jenkins import names, parameters, telling
from integrations.jenkins.client import Client
from integrations.jenkins.client.shapes import BuildState, QueueItem
from integrations.jenkins.errors import JenkinsError, NoAnswer, NotAtJenkins
from integrations.jenkins.models import KEY_PARAMETER, Build
from integrations.jenkins.services import noticing
from integrations.jenkins.services.asking import stop_at_jenkins
from integrations.jenkins.services.servers import client_of
from project.core import audit, jobs
from project.core.errors import GatehouseError, NotFound, Unreachable

log = structlog.get_logger(__name__)
LOOK_AGAIN_SECONDS, AWAY_SECONDS = 1.0, 10.0
SETTLED_AFTER = timedelta(seconds=15)
"""How long after it was asked without an answer Jenkins is believed that it has no such build."""
START_WITHIN = timedelta(hours=1)
"""How long a build waits for a server that cannot be reached."""
FORGOTTEN_AFTER = timedelta(seconds=60)
"""How long Jenkins may not know a build that it knew: it may be starting."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""How long a build that began is waited for while its server does not answer."""
MOST_TRIES = 3
MOST_ARTIFACTS = 1000
RESULTS = {
    "SUCCESS": Build.State.SUCCESS,
    "FAILURE": Build.State.FAILED,
    "UNSTABLE": Build.State.UNSTABLE,
    "ABORTED": Build.State.ABORTED,
    "NOT_BUILT": Build.State.ABORTED,
}


class Trace(NamedTuple):
    """Where a build of ours was found."""

    queue_number: int | None
    number: int | None = None
    url: str = ""


def go_on(build: Build) -> None:
    """Take a claimed build one step further.

    :raises Later: when it is to be looked at again.
    """
    if build.state == Build.State.APPROVED:
        with client_of(build.server) as client:
            _start(build, client)
        return
    try:
        with client_of(build.server) as client:
            _stop_if_asked(build, client)
            (_look_in_queue if build.state == Build.State.QUEUED else _look_at_build)(build, client)
    except (Unreachable, JenkinsError) as problem:
        _away(build, problem)


def _start(build: Build, client: Client) -> None:
    if build.asked_at is not None and _found_again(build, client):
        return
    if build.stop_asked_at is not None:
        _move(build, Build.State.ABORTED)
        return
    if build.tries >= MOST_TRIES:
        _move(
            build, Build.State.FAILED, error=_("Jenkins was asked {n} times and never answered.").format(n=build.tries)
        )
        return
    try:
        _ask(build, client)
    except Unreachable as problem:
        if isinstance(problem, NoAnswer) and build.asked_at is not None:
            raise jobs.Later(LOOK_AGAIN_SECONDS) from problem
        _not_asked(build, problem)
    except JenkinsError as problem:
        if problem.sick:  # it may have queued it before it fell over
            raise jobs.Later(LOOK_AGAIN_SECONDS) from problem
        raise


def _ask(build: Build, client: Client) -> None:
    values, files = parameters.to_send(build)
    marks = {} if build.job.takes_key else _marks(build, client)
    _note(build, asked_at=timezone.now(), marks=marks, tries=build.tries + 1)
    number = client.build_job(build.job.full_name, values, files)
    _move(build, Build.State.QUEUED, queue_number=number, error="", missing_since=None)


def _not_asked(build: Build, problem: GatehouseError) -> None:
    """Nothing left the house: wait for the server, but not for ever."""
    if timezone.now() - (build.decided_at or build.created_at) > START_WITHIN:
        _move(build, Build.State.FAILED, error=str(problem))
        return
    _note(build, asked_at=None, tries=max(0, build.tries - 1), error=str(problem))
    raise jobs.Later(AWAY_SECONDS) from problem


def _marks(build: Build, client: Client) -> dict[str, Any]:
    return {"next": client.job(build.job.full_name).next_number, "queue": client.pending()}


def _found_again(build: Build, client: Client) -> bool:
    """After an answer that never came: is the build there? Then it goes on from there.

    :raises Later: while that is not sure.
    """
    try:
        trace = _trace(build, client)
    except (Unreachable, JenkinsError) as problem:
        raise jobs.Later(AWAY_SECONDS) from problem
    if trace is not None:
        state = Build.State.RUNNING if trace.number else Build.State.QUEUED
        _move(build, state, queue_number=trace.queue_number, number=trace.number, url=trace.url, error="")
        return True
    if build.asked_at is not None and timezone.now() - build.asked_at < SETTLED_AFTER:
        raise jobs.Later(LOOK_AGAIN_SECONDS)
    return False


def _trace(build: Build, client: Client) -> Trace | None:
    """Look in the queue, then among the builds: what leaves the queue meanwhile is found there."""
    for item in client.queue():
        if item.job == build.job.full_name and item.number not in build.marks.get("queue", ()) and _is_it(build, item):
            return Trace(item.number)
    for one in client.latest_builds(build.job.full_name):
        if one.number >= build.marks.get("next", 0) and _is_it(build, one):
            return Trace(one.queue_number, one.number, one.url)
    return None


def _is_it(build: Build, told: QueueItem | BuildState) -> bool:
    if build.job.takes_key:
        return bool(told.parameters.get(KEY_PARAMETER) == str(build.pk))
    place = told.number if isinstance(told, QueueItem) else told.queue_number
    others = Build.objects.filter(server=build.server_id, queue_number=place).exclude(pk=build.pk)
    ours = not build.server.user or told.by.lower() == build.server.user.lower()
    return ours and parameters.same(build, told.parameters) and not (place and others.exists())


def _look_in_queue(build: Build, client: Client) -> None:
    try:
        item = client.queue_item(build.queue_number or 0)
    except NotAtJenkins:
        _look_for_left(build, client)
        return
    if item.cancelled:
        _move(build, Build.State.ABORTED)
    elif item.build is not None:
        _move(build, Build.State.RUNNING, number=item.build, why_waiting="", missing_since=None, error="")
    else:
        _wait(build, _pause(build.asked_at, 10), why_waiting=item.why[:300])


def _look_for_left(build: Build, client: Client) -> None:
    """The queue forgot it, which it does some minutes after it became a build, or when Jenkins died."""
    trace = next(
        (one for one in client.latest_builds(build.job.full_name) if one.queue_number == build.queue_number), None
    )
    if trace is not None:
        _move(build, Build.State.RUNNING, number=trace.number, url=trace.url, why_waiting="", missing_since=None)
    elif build.stop_asked_at is not None:
        _move(build, Build.State.ABORTED)
    else:
        _forgotten(build)


def _look_at_build(build: Build, client: Client) -> None:
    try:
        told = client.build(build.job.full_name, build.number or 0)
    except NotAtJenkins:
        _forgotten(build)
        return
    known = {
        "url": told.url[:1000],
        "began_at": told.at,
        "milliseconds": told.milliseconds,
        "estimated_milliseconds": max(0, told.estimated_milliseconds),
    }
    if told.building or told.result not in RESULTS:
        _wait(build, _pause(told.at, 20), **known)
    files = [one for one in told.artifacts if names.is_plain(one)][:MOST_ARTIFACTS]
    _move(build, RESULTS[told.result], result=told.result, artifacts=files, error="", **known)


def _pause(since: datetime | None, part: int) -> float:
    """When to look again: the longer it takes already, the less often."""
    age = (timezone.now() - since).total_seconds() if since else 0.0
    return min(10.0, max(LOOK_AGAIN_SECONDS, age / part))


def _stop_if_asked(build: Build, client: Client) -> None:
    if build.stop_asked_at is not None:
        try:
            stop_at_jenkins(build, client)
        except NotFound:
            return


def _away(build: Build, problem: GatehouseError) -> None:
    """A server that does not answer, or not to us, says nothing about its builds: they are looked at again later."""
    since = build.missing_since or timezone.now()
    if timezone.now() - since > GIVEN_UP_AFTER:
        _move(build, Build.State.LOST, error=str(problem))
        return
    _note(build, missing_since=since, error=str(problem))
    raise jobs.Later(AWAY_SECONDS) from problem


def _forgotten(build: Build) -> None:
    since = build.missing_since or timezone.now()
    if timezone.now() - since > FORGOTTEN_AFTER:
        _move(build, Build.State.LOST, error=_("Jenkins does not know this build any more."))
        return
    _wait(build, 5.0, missing_since=since)


def _wait(build: Build, seconds: float, **fields: Any) -> None:
    fields = {"missing_since": None, "error": "", **fields}
    news = any(getattr(build, name) != fields[name] for name in ("why_waiting", "began_at") if name in fields)
    _note(build, **fields)
    if news:
        telling.build(build)
    raise jobs.Later(seconds)


def _note(build: Build, **fields: Any) -> None:
    if not build._row().update(**fields):
        raise jobs.LeaseLost
    for name, value in fields.items():
        setattr(build, name, value)


def _move(build: Build, state: str, **fields: Any) -> None:
    with transaction.atomic():
        # each state has its attempts
        if not build.move(state, attempts=0, **fields):
            raise jobs.LeaseLost
        if build.finished:
            log.info("jenkins.build_over", build=str(build.pk), job=build.job.full_name, state=state)
            audit.record("jenkins_build.over", build, state=state, number=build.number, job=build.job.full_name)
            noticing.over(build)
        else:
            transaction.on_commit(partial(telling.build, build))
