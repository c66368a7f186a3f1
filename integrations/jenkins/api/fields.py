"""What the API of Jenkins tells of servers, jobs and builds."""

from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.jenkins import services
from integrations.jenkins.models import Build, Job, Rule, Schedule, Server


class Username(serializers.CharField):
    """Who, where somebody did and is still here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "default": None, "allow_null": True} | options)


class ServerSerializer(serializers.ModelSerializer[Server]):
    """A server. Its token is never told, only whether there is one."""

    has_token = serializers.SerializerMethodField()
    health = serializers.ChoiceField(["off", "unknown", "down", "restarting", "ok"], read_only=True)
    jobs = serializers.SerializerMethodField(help_text="How many jobs it had when it last answered.")

    class Meta:
        model = Server
        fields = [
            "id", "name", "url", "user", "has_token", "networks", "enabled", "version", "health", "jobs", "fetched_at",
            "stale_since", "trouble", "trouble_code",
        ]  # fmt: skip
        read_only_fields = fields

    def get_has_token(self, server: Server) -> bool:
        return bool(server.sealed_token)

    def get_jobs(self, server: Server) -> int:
        return int(server.state.get("jobs") or 0)


class ParameterSerializer(serializers.Serializer[Any]):
    """A parameter that a job asks for."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="Jenkins' own word, for example StringParameterDefinition.")
    description = serializers.CharField(allow_blank=True)
    default = serializers.JSONField(allow_null=True, help_text="Never told of secret ones.")
    choices = serializers.ListField(child=serializers.CharField())
    secret = serializers.BooleanField()


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job or folder, as its server last told of it."""

    stale_since = serializers.DateTimeField(
        source="server.stale_since", allow_null=True, read_only=True, help_text="Since when its server does not answer."
    )

    class Meta:
        model = Job
        fields = [
            "id", "server", "full_name", "name", "folder", "is_folder", "url", "last_status", "status", "building",
            "buildable", "last_number", "next_number", "last_built_at", "last_milliseconds", "health", "health_text",
            "seen_at", "stale_since", "gone_at",
        ]  # fmt: skip
        read_only_fields = fields


class JobDetailSerializer(JobSerializer):
    """A job with what it asks for, and who must approve its builds."""

    parameters = ParameterSerializer(source="asks_for", many=True, read_only=True)
    last_given = serializers.SerializerMethodField(help_text="What you gave the last time, without secrets.")
    approval = serializers.SerializerMethodField(
        help_text="The job or folder that wants a second person; null: none does."
    )

    class Meta(JobSerializer.Meta):
        fields = [
            *JobSerializer.Meta.fields, "description", "parameters", "last_given", "approval", "needs_approval",
            "approver_role", "approval_hours",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_last_given(self, job: Job) -> dict[str, Any]:
        return services.last_given(job, by=self.context["request"].user)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_approval(self, job: Job) -> str | None:
        wants = services.approval_of(job)
        return wants.full_name if wants else None


class BuildSerializer(serializers.ModelSerializer[Build]):
    """A build that somebody asked for; secret parameters are hidden."""

    job_name = serializers.CharField(source="job.full_name", read_only=True)
    parameters = serializers.DictField(source="shown_parameters", read_only=True)
    created_by = Username(source="created_by.username")
    decided_by = Username(source="decided_by.username")
    stopped_by = Username(source="stopped_by.username")
    may_decide = serializers.SerializerMethodField(help_text="Whether you could approve or reject it now.")

    class Meta:
        model = Build
        fields = [
            "id", "server", "job", "job_name", "state", "reason", "parameters", "created_by", "created_at", "expires_at",
            "decided_by", "decided_at", "decision", "may_decide", "queue_number", "why_waiting", "number", "result", "url",
            "began_at", "milliseconds", "estimated_milliseconds", "finished_at", "stopped_by", "notify_sms", "error",
        ]  # fmt: skip
        read_only_fields = fields

    def get_may_decide(self, build: Build) -> bool:
        return build.state == Build.State.REQUESTED and build.pk in self._decidable

    @cached_property
    def _decidable(self) -> set[Any]:
        """Of a list all at once."""
        return set(services.waiting_for(self.context["request"].user).values_list("pk", flat=True))


class BuildAcceptedSerializer(serializers.Serializer[Build]):
    """It waits for a worker, or for a second person."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Build.State.choices)


class LogSerializer(serializers.Serializer[Any]):
    """A part of a log. Offsets count bytes of the log as it is kept here; ask again with `end` as `start`."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    size = serializers.IntegerField(help_text="How much of the log is here.")
    text = serializers.CharField(allow_blank=True)
    more = serializers.BooleanField(help_text="More follows, or may follow.")
    complete = serializers.BooleanField(help_text="The log is whole.")
    cut = serializers.BooleanField(help_text="The log is longer than what is kept here.")


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    """A schedule, and when it runs next."""

    job_name = serializers.CharField(source="job.full_name", read_only=True)
    parameters = serializers.DictField(
        source="shown_parameters", read_only=True, help_text="Secret ones hidden; of files the names."
    )
    created_by = Username(source="created_by.username")
    next_runs = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = [
            "id", "job", "job_name", "name", "enabled", "at", "cron", "time_zone", "parameters", "reason", "notify_sms",
            "next_at", "next_runs", "last_at", "missed", "missed_at", "trouble", "created_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_next_runs(self, schedule: Schedule) -> list[Any]:
        return list(services.next_runs(schedule))


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """A rule: what it opens, where, to whom."""

    class Meta:
        model = Rule
        fields = ["id", "server", "folder", "role", "person", "may_view", "may_build", "may_approve", "may_configure"]
        read_only_fields = fields


class HealthSerializer(serializers.Serializer[Any]):
    """How a server is, as of its last answer."""

    health = serializers.ChoiceField(["off", "unknown", "down", "restarting", "ok"])
    version = serializers.CharField(allow_blank=True)
    fetched_at = serializers.DateTimeField(allow_null=True)
    stale_since = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField(allow_blank=True)
    trouble_code = serializers.CharField(allow_blank=True)
