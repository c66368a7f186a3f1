"""What the processes that serve sockets show over HTTP."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class FiguresSerializer(serializers.Serializer[Any]):
    """Figures of one process, or of all."""

    connections = serializers.IntegerField()
    users = serializers.IntegerField(help_text=_("Who is connected to two processes counts once in the summary."))
    guests = serializers.IntegerField()
    received = serializers.IntegerField()
    sent = serializers.IntegerField()
    buffered = serializers.IntegerField(help_text=_("Bytes clients have not taken yet."))
    queued = serializers.IntegerField(help_text=_("Messages waiting for the line to the other nodes."))
    evicted = serializers.IntegerField(help_text=_("Readers that were too slow."))
    outages = serializers.IntegerField(help_text=_("How often the other nodes could not be reached."))
    lost = serializers.IntegerField(help_text=_("Messages to other nodes that were lost then."))
    cpu = serializers.FloatField(help_text=_("Per cent of one core."))
    memory = serializers.IntegerField(help_text=_("Bytes."))
    threads = serializers.IntegerField()
    queue_delivered = serializers.IntegerField(help_text=_("Messages of the queues that were delivered."), default=0)
    queue_duplicates = serializers.IntegerField(help_text=_("Those that had been delivered before."), default=0)
    queue_dead = serializers.IntegerField(help_text=_("Those that could not be, and were set aside."), default=0)


class HookFailuresSerializer(serializers.Serializer[Any]):
    """A hook of an app that failed."""

    hook = serializers.CharField()
    failures = serializers.IntegerField()
    last = serializers.CharField(help_text=_("What it said last."))


class NodeSerializer(FiguresSerializer):
    """A process that serves sockets."""

    id = serializers.CharField()
    name = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField()
    python = serializers.CharField()
    started_at = serializers.FloatField(help_text=_("Seconds since 1970."))
    uptime = serializers.FloatField(help_text=_("Seconds."))
    groups = serializers.IntegerField()
    in_touch = serializers.BooleanField(help_text=_("Whether it reaches the other nodes."))
    silent = serializers.BooleanField(help_text=_("It did not answer: this is what it said last."))
    endings = serializers.DictField(child=serializers.IntegerField(), help_text=_("How many ended with which code."))
    hooks = HookFailuresSerializer(many=True)
    queue_reading = serializers.BooleanField(help_text=_("Whether it is the one that reads the queues."), default=False)


class SummarySerializer(FiguresSerializer):
    """The figures of all processes, added up."""

    nodes = serializers.IntegerField()
    in_touch = serializers.IntegerField(help_text=_("How many of them reach the others."))
