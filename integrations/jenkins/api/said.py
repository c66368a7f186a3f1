"""What the API of Jenkins tells of what a server said at that moment."""

from typing import Any

from rest_framework import serializers

from integrations.jenkins import services


class WaitingSerializer(serializers.Serializer[Any]):
    """Something in a queue."""

    id = serializers.IntegerField(source="item.number", help_text="What cancels it: the same as `number`.")
    number = serializers.IntegerField(source="item.number")
    job_name = serializers.CharField(source="item.job")
    job = serializers.IntegerField(source="job.pk", default=None, allow_null=True)
    build = serializers.UUIDField(
        source="build.pk", default=None, allow_null=True, help_text="Where one of us asked for it."
    )
    why = serializers.CharField(source="item.why", allow_blank=True)
    since = serializers.DateTimeField(source="item.since", allow_null=True)
    by = serializers.SerializerMethodField(help_text="Who of us asked for it, else whom Jenkins names.")
    stuck = serializers.BooleanField(source="item.stuck")

    def get_by(self, waiting: services.Waiting) -> str:
        person = waiting.asked_by
        return person.get_username() if person else waiting.item.by


class MachineSerializer(serializers.Serializer[Any]):
    """A machine that builds."""

    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    offline = serializers.BooleanField()
    why_offline = serializers.CharField(allow_blank=True)
    executors = serializers.IntegerField()
    busy = serializers.IntegerField()
    labels = serializers.ListField(child=serializers.CharField())
    is_controller = serializers.BooleanField()


class PluginSerializer(serializers.Serializer[Any]):
    """A plugin that is installed."""

    name = serializers.CharField()
    title = serializers.CharField()
    version = serializers.CharField()
    enabled = serializers.BooleanField()
    active = serializers.BooleanField()
    has_update = serializers.BooleanField()
    deleted = serializers.BooleanField(help_text="Gone after the next restart.")


class ArtifactSerializer(serializers.Serializer[Any]):
    """A file that a build left."""

    path = serializers.CharField(help_text="What `artifacts/download?path=` takes.")
    name = serializers.CharField()


class ViewSerializer(serializers.Serializer[Any]):
    """A list of jobs under a name."""

    name = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    jobs = serializers.ListField(
        child=serializers.CharField(), help_text="Full names of jobs and folders, as far as you may see them."
    )


class LabelSerializer(serializers.Serializer[Any]):
    """Machines of one kind, and who asks for them."""

    name = serializers.CharField()
    offline = serializers.BooleanField(help_text="None of its machines is there.")
    nodes = serializers.ListField(child=serializers.CharField())
    jobs = serializers.ListField(child=serializers.CharField())


class FingerprintSerializer(serializers.Serializer[Any]):
    """Where a file comes from, as far as you may see the jobs."""

    id = serializers.CharField(help_text="The MD5 sum.")
    file_name = serializers.CharField(allow_blank=True)
    made_by = serializers.CharField(allow_blank=True)
    made_by_number = serializers.IntegerField()
    used_by = serializers.ListField(child=serializers.CharField())


class NumbersSerializer(serializers.Serializer[Any]):
    """The builds of a job that its server keeps."""

    numbers = serializers.ListField(child=serializers.IntegerField())


class RunSerializer(serializers.Serializer[Any]):
    """A build as Jenkins tells of it, whoever asked for it; without secret parameters."""

    number = serializers.IntegerField()
    building = serializers.BooleanField()
    result = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.IntegerField()
    estimated_milliseconds = serializers.IntegerField()
    queue_number = serializers.IntegerField(allow_null=True)
    by = serializers.CharField(allow_blank=True, help_text="Whom Jenkins names.")
    parameters = serializers.DictField()
    artifacts = serializers.ListField(child=serializers.CharField())


class InfoSerializer(serializers.Serializer[Any]):
    """What a server said when it was tried."""

    version = serializers.CharField()
    mode = serializers.CharField()
    executors = serializers.IntegerField()
    quieting_down = serializers.BooleanField()


class DiffSerializer(serializers.Serializer[Any]):
    """What would change."""

    lines = serializers.ListField(child=serializers.CharField(allow_blank=True, trim_whitespace=False))


class ConfigSerializer(serializers.Serializer[Any]):
    """The XML of a job."""

    xml = serializers.CharField()


class CancelledSerializer(serializers.Serializer[Any]):
    """What was taken out of the queue."""

    cancelled = serializers.ListField(child=serializers.IntegerField())
