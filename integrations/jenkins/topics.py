"""What sockets hear about Jenkins."""

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integrations.jenkins import following, rights, services, telling
from integrations.jenkins.models import Build, Job
from project.core.api import StrictSerializer
from realtime.core.connection import Connection
from realtime.events import event
from realtime.topics import ensure_may_join, has_permission, policy, topic


class JobChangeSerializer(serializers.Serializer[Any]):
    """What a page needs to draw a job anew."""

    id = serializers.IntegerField(help_text=_("The job."))
    status = serializers.ChoiceField(Job.Status.choices)
    last_status = serializers.IntegerField(help_text=_("1 succeeded, 2 failed, 0 anything else."))
    building = serializers.BooleanField()
    last_number = serializers.IntegerField()
    next_number = serializers.IntegerField()
    health = serializers.IntegerField(allow_null=True, help_text=_("0 to 100."))


class JobsSerializer(serializers.Serializer[Any]):
    """Jobs of a server that look otherwise than before."""

    server = serializers.IntegerField(help_text=_("The server."))
    fetched_at = serializers.DateTimeField(allow_null=True, help_text=_("When the server last told its state."))
    stale_since = serializers.DateTimeField(allow_null=True, help_text=_("Since when it does not answer."))
    jobs = JobChangeSerializer(many=True)
    gone = serializers.ListField(child=serializers.IntegerField(), help_text=_("Jobs that are gone."))


class BuildChangeSerializer(serializers.Serializer[Any]):
    """How far a build is. `event` and `name` only in what is sent to one person."""

    id = serializers.CharField(help_text=_("The build."))
    job = serializers.IntegerField(help_text=_("The job."))
    state = serializers.ChoiceField(Build.State.choices)
    number = serializers.IntegerField(allow_null=True)
    result = serializers.CharField(help_text=_("Jenkins' own word."))
    why = serializers.CharField(help_text=_("Why it waits."))
    milliseconds = serializers.IntegerField(help_text=_("How long it took."))
    event = serializers.ChoiceField(
        ["asked", "over"], required=False, help_text=_("“asked”: it waits for your decision; “over”: yours is done.")
    )
    name = serializers.CharField(required=False)


class LogPartSerializer(serializers.Serializer[Any]):
    """A part of a build's log. Offsets count its bytes: whoever has shown all up to `start` shows `text`, and then has all up to
    `end`. Where `start` is beyond that, or `text` is empty and `end` too, `GET jenkins/builds/{id}/log?start=` has the rest."""

    build = serializers.CharField(help_text=_("The build."))
    start = serializers.IntegerField(help_text=_("Where the text begins."))
    end = serializers.IntegerField(help_text=_("Where it ends."))
    size = serializers.IntegerField(help_text=_("How much of the log is here."))
    text = serializers.CharField(allow_blank=True)
    more = serializers.BooleanField(help_text=_("More follows, or may follow."))
    complete = serializers.BooleanField(help_text=_("The log is whole."))
    cut = serializers.BooleanField(help_text=_("The log is longer than what is kept here."))


class WatchLogSerializer(StrictSerializer):
    """Which log, and from where on."""

    build = serializers.UUIDField()
    start = serializers.IntegerField(min_value=0, max_value=2**53, default=0)


REPLY_BYTES = 32 * 1024
BUILD = {
    "id": "0d9c2f8e-54b7-4c59-9f0e-7a3c1d2b6e10",
    "job": 12,
    "state": Build.State.RUNNING.value,
    "number": 7,
    "result": "",
    "why": "",
    "milliseconds": 0,
}
JOB = {
    "id": 12,
    "status": "running",
    "last_status": 0,
    "building": True,
    "last_number": 7,
    "next_number": 8,
    "health": 80,
}

event(
    telling.JOBS,
    JobsSerializer,
    about=_("Jobs of a Jenkins server changed. Join the group “jenkins.jobs” for it."),
    example={"server": 1, "fetched_at": "2026-05-04T09:30:00Z", "stale_since": None, "jobs": [JOB], "gone": []},
)
event(
    telling.BUILDS,
    BuildChangeSerializer,
    about=_("A build moved on: one of yours, one for you to decide about, or, in the group “jenkins.builds”, any."),
    example=BUILD,
)


@policy(telling.JOBS)
async def may_see_jobs(connection: Connection, group: str) -> bool:
    """Whoever may see jobs hears which ones changed, by their ids."""
    return group == telling.JOBS and await _has(connection, "view")


@policy(telling.BUILDS)
async def may_see_builds(connection: Connection, group: str) -> bool:
    """Whoever may see jobs hears which builds moved on, by their ids."""
    return group == telling.BUILDS and await _has(connection, "view")


event(
    telling.LOG,
    LogPartSerializer,
    about=_("A build that you watch wrote more."),
    example={
        "build": BUILD["id"], "start": 120, "end": 138, "size": 138, "text": "Compiling module…\n", "more": True,
        "complete": False, "cut": False,
    },
)  # fmt: skip


@topic(telling.LOG, permission="jenkins.view_job", rate="60/min", schema=WatchLogSerializer)
async def watch_log(connection: Connection, data: dict[str, Any]) -> dict[str, Any]:
    """Follow a build's log: joins its group, and answers with the log from `start` on.

    `live` in the answer says whether what follows is pushed. Where it is not, because this node follows as many logs as it does at
    most, whoever wants more asks again.
    """
    build_id = str(data["build"])
    group = telling.log_group(build_id)
    await ensure_may_join(connection, group)
    await connection.join(group)
    build = await Build.objects.select_related("job", "server").aget(pk=build_id)
    part = await database_sync_to_async(services.log_part, thread_sensitive=False)(build, data["start"], REPLY_BYTES)
    return {"build": build_id, "group": group, "live": following.follow(build_id), **part}


@policy(f"{telling.LOG}.")
async def may_watch_log(connection: Connection, group: str) -> bool:
    """Whoever may see a job may follow the logs of its builds. The first to do so has this node follow."""
    if not await _has(connection, "view") or connection.identity is None:
        return False
    build_id = group.removeprefix(f"{telling.LOG}.")
    if not await database_sync_to_async(_may_watch, thread_sensitive=False)(connection.identity.user_id, build_id):
        return False
    following.follow(build_id)
    return True


def _may_watch(user_id: int, build_id: str) -> bool:
    person = get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()
    try:
        build = Build.objects.select_related("job").filter(pk=UUID(build_id)).first() if person else None
    except ValueError:
        return False
    return build is not None and str(build.pk) == build_id and rights.may(person, "view", build.job)


async def _has(connection: Connection, action: str) -> bool:
    identity = connection.identity
    return identity is not None and await has_permission(identity, rights.PERMISSIONS[action])
