"""What the API of Jenkins takes."""

from typing import Any

from rest_framework import serializers

from integrations.jenkins import jobxml, names
from integrations.jenkins.client.views import LIST
from integrations.jenkins.models import Build, Job
from project.core.api import StrictSerializer


class Id(serializers.IntegerField):
    """A row, by its number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**62, **options)


class FullName(serializers.CharField):
    """The name of a job or folder; `names` says what may be in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": names.LONGEST, "trim_whitespace": False} | options)


class Nothing(StrictSerializer):
    """No fields at all."""


class NewServer(StrictSerializer):
    """A server."""

    name = serializers.CharField(max_length=60)
    url = serializers.CharField(max_length=300)
    user = serializers.CharField(max_length=100, default="", allow_blank=True)
    token = serializers.CharField(max_length=500, default="", allow_blank=True, write_only=True)
    networks = serializers.ListField(child=serializers.CharField(max_length=60), default=list, max_length=50)
    enabled = serializers.BooleanField(default=True)


class ServerChange(StrictSerializer):
    """What is to be different; another address or user wants the token anew."""

    name = serializers.CharField(max_length=60, required=False)
    url = serializers.CharField(max_length=300, required=False)
    user = serializers.CharField(max_length=100, required=False, allow_blank=True)
    token = serializers.CharField(max_length=500, required=False, allow_blank=True, write_only=True)
    networks = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)
    enabled = serializers.BooleanField(required=False)


class ServerTrial(StrictSerializer):
    """What to try, before it is kept."""

    url = serializers.CharField(max_length=300)
    user = serializers.CharField(max_length=100, default="", allow_blank=True)
    token = serializers.CharField(max_length=500, default="", allow_blank=True, write_only=True)
    networks = serializers.ListField(child=serializers.CharField(max_length=60), default=list, max_length=50)


class OneServer(StrictSerializer):
    """Which server; where only one is switched on, it need not be said."""

    server = Id(required=False)


class JobQuery(StrictSerializer):
    """How jobs may be narrowed."""

    server = Id(required=False)
    folder = FullName(required=False, allow_blank=True, help_text="What is directly in it; empty: at the top.")
    search = serializers.CharField(required=False, max_length=100, help_text="A part of the full name.")
    status = serializers.ChoiceField(Job.Status.choices, required=False)
    folders = serializers.BooleanField(default=True, help_text="Folders too.")


class NewFolder(StrictSerializer):
    """A folder."""

    server = Id()
    name = FullName()
    folder = FullName(default="", allow_blank=True)


class NewJob(NewFolder):
    """A job, from its XML or from a template."""

    xml = serializers.CharField(required=False, max_length=jobxml.LARGEST, trim_whitespace=False)
    template = serializers.ChoiceField(list(jobxml.TEMPLATES), required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of both."""
        if ("xml" in given) == ("template" in given):
            raise serializers.ValidationError({"xml": [str(serializers.Field.default_error_messages["required"])]})
        return given


class Xml(StrictSerializer):
    """The XML of a job."""

    xml = serializers.CharField(max_length=jobxml.LARGEST, trim_whitespace=False)


class NewName(StrictSerializer):
    """Another name."""

    name = FullName()


class NewPlace(NewName):
    """Another name, perhaps in another folder."""

    folder = FullName(default="", allow_blank=True)


class Typed(StrictSerializer):
    """The full name of what is to be deleted, typed."""

    name = FullName()


class Switch(StrictSerializer):
    """On or off."""

    enabled = serializers.BooleanField()


class Approval(StrictSerializer):
    """Whether builds want a second person."""

    needed = serializers.BooleanField()
    role = Id(required=False, allow_null=True, help_text="The id of a role's group.")
    hours = serializers.IntegerField(default=24, min_value=1, max_value=24 * 365)


class NewBuild(StrictSerializer):
    """What to build with; a file is `{"file": name, "content": base64}`."""

    parameters = serializers.DictField(default=dict)
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)
    notify_sms = serializers.BooleanField(default=False)


class BuildAgain(StrictSerializer):
    """What was not kept: secret parameters and files."""

    parameters = serializers.DictField(default=dict)
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)


class BuildQuery(StrictSerializer):
    """How builds may be narrowed; newest first."""

    server = Id(required=False)
    job = Id(required=False)
    state = serializers.ChoiceField(Build.State.choices, required=False)
    mine = serializers.BooleanField(default=False, help_text="Those you asked for.")


class Consent(StrictSerializer):
    """Why it may start."""

    reason = serializers.CharField(max_length=300, default="", allow_blank=True)


class Refusal(StrictSerializer):
    """Why it may not start."""

    reason = serializers.CharField(max_length=300)


class LogQuery(StrictSerializer):
    """From where on."""

    start = serializers.IntegerField(min_value=0, max_value=2**53, default=0)


class ArtifactQuery(StrictSerializer):
    """Which file."""

    path = serializers.CharField(max_length=names.LONGEST, trim_whitespace=False)


class NewView(StrictSerializer):
    """A view at the top of a server."""

    name = FullName()
    kind = serializers.ChoiceField([LIST, "hudson.model.MyView"], default=LIST, help_text="Jenkins' own class.")
    jobs = serializers.ListField(
        child=FullName(), default=list, max_length=1000, help_text="Full names of what is in a list."
    )


class NewNode(StrictSerializer):
    """A machine."""

    name = serializers.CharField(max_length=200)
    executors = serializers.IntegerField(min_value=1, max_value=1000, default=2)
    description = serializers.CharField(max_length=300, default="", allow_blank=True)
    folder = serializers.CharField(max_length=300, default="/var/lib/jenkins")
    labels = serializers.CharField(max_length=300, default="", allow_blank=True)


class NewPlugin(StrictSerializer):
    """A plugin, in a version."""

    name = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", max_length=100)
    version = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$", max_length=100, default="latest")


class ScheduleChange(StrictSerializer):
    """What is to be different."""

    name = serializers.CharField(max_length=100, required=False)
    at = serializers.DateTimeField(required=False, allow_null=True)
    cron = serializers.CharField(max_length=100, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=63, required=False, allow_blank=True)
    parameters = serializers.DictField(
        required=False,
        help_text="All of them, as for a build; secret ones and files are sealed. What is left out stays with the job's own; a "
        "secret one given as `******`, and a file given by its name, as it is.",
    )
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    notify_sms = serializers.BooleanField(required=False)
    enabled = serializers.BooleanField(required=False)


class NewSchedule(ScheduleChange):
    """A schedule: `at` or `cron`."""

    job = Id()
    name = serializers.CharField(max_length=100)


class RuleChange(StrictSerializer):
    """What a rule opens, where, to whom: a role (the id of its group) or a person."""

    folder = FullName(default="", allow_blank=True)
    role = Id(default=None, allow_null=True)
    person = Id(default=None, allow_null=True)
    may_view = serializers.BooleanField(default=True)
    may_build = serializers.BooleanField(default=False)
    may_approve = serializers.BooleanField(default=False)
    may_configure = serializers.BooleanField(default=False)


class NewRule(RuleChange):
    """A rule of a server."""

    server = Id()
