"""What sockets are told about spreadsheet jobs."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integrations.sheets.models import ExportJob, ImportJob
from realtime.events import event


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a job got."""

    id = serializers.CharField(help_text=_("The job's id."))
    done = serializers.IntegerField(help_text=_("Rows that are done."))
    total = serializers.IntegerField(help_text=_("Rows in all; 0 while nobody knows."))
    rate = serializers.IntegerField(help_text=_("Rows a second."))
    seconds_left = serializers.IntegerField(allow_null=True, help_text=_("An estimate; null when there is none."))


class ImportProgressSerializer(ProgressSerializer):
    """How far an import got."""

    state = serializers.ChoiceField(ImportJob.State.choices)
    counts = serializers.DictField(child=serializers.IntegerField(), help_text=_("Rows, by what became of them."))


class ExportProgressSerializer(ProgressSerializer):
    """How far an export got."""

    state = serializers.ChoiceField(ExportJob.State.choices)


EXAMPLE = {"id": "0d9c2f8e-54b7-4c59-9f0e-7a3c1d2b6e10", "done": 1200, "total": 5000, "rate": 800, "seconds_left": 5}

event(
    "imports.progress",
    ImportProgressSerializer,
    about=_("An import of yours moved on."),
    example={
        **EXAMPLE,
        "state": ImportJob.State.IMPORTING.value,
        "counts": {"new": 4200, "changed": 780, "unchanged": 20, "bad": 0},
    },
)
event(
    "exports.progress",
    ExportProgressSerializer,
    about=_("An export of yours moved on."),
    example={**EXAMPLE, "state": ExportJob.State.WRITING.value},
)
