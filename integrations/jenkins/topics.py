"""What sockets hear about Jenkins."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integrations.jenkins import rights, telling
from integrations.jenkins.models import Build, Job
from realtime.core.connection import Connection
from realtime.events import event
from realtime.topics import has_permission, policy


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


async def _has(connection: Connection, action: str) -> bool:
    identity = connection.identity
    return identity is not None and await has_permission(identity, rights.PERMISSIONS[action])
