"""What the API of imports and exports takes and tells."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integrations.sheets.checking import saved_headers
from integrations.sheets.headers import AS_LAST_TIME, BY_HAND
from integrations.sheets.models import ColumnMatch, ExportJob, ImportJob
from integrations.sheets.services import first_errors, link_to
from project.core.api import StrictSerializer


def resources() -> list[str]:
    return sorted(settings.SHEET_RESOURCES)


class ResourceField(serializers.ChoiceField):
    """The name of a resource in SHEET_RESOURCES."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=resources(), **options)


class UploadSerializer(StrictSerializer):
    """A file to import."""

    resource = ResourceField()
    file = serializers.FileField(allow_empty_file=True, help_text=".xlsx or .csv")
    mode = serializers.ChoiceField(ImportJob.Mode.choices, default=ImportJob.Mode.ALL)


class ConfirmSerializer(StrictSerializer):
    """A confirmation; the mode may still be changed."""

    mode = serializers.ChoiceField(ImportJob.Mode.choices, required=False)
    invite = serializers.BooleanField(
        default=False,
        help_text=_(
            "Invite those it adds without a password to choose one: by mail or, without an address, by text message."
        ),
    )


class UndoSerializer(StrictSerializer):
    """How an import is undone."""

    mode = serializers.ChoiceField(ImportJob.Undo.choices, default=ImportJob.Undo.ALL)


class MappingSerializer(StrictSerializer):
    """Which column of the sheet is which, by letter; null leaves one out."""

    mapping = serializers.DictField(child=serializers.CharField(allow_null=True, max_length=60))

    def validate_mapping(self, mapping: dict[str, str | None]) -> dict[str, str | None]:
        if not mapping or len(mapping) > 256:
            raise serializers.ValidationError(_("Name at least one column."))
        return mapping


class ResourceQuerySerializer(StrictSerializer):
    """Which template."""

    resource = ResourceField()


class PreviewQuerySerializer(StrictSerializer):
    """Which rows of a preview."""

    kind = serializers.ChoiceField(["new", "changed", "unchanged", "bad"], default="changed")
    search = serializers.CharField(max_length=100, default="", allow_blank=True, help_text=_("Part of a row's key."))


class NothingSerializer(StrictSerializer):
    """No fields at all."""


class CountsSerializer(serializers.Serializer[Any]):
    """Rows by what they would do."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    bad = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Any]):
    """Rows done; `total` is 0 while nobody knows it."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class ResultSerializer(serializers.Serializer[Any]):
    """What was written."""

    created = serializers.IntegerField(source="created_rows")
    updated = serializers.IntegerField(source="updated_rows")
    skipped = serializers.IntegerField(
        source="left_out", help_text="Bad rows, and those somebody else changed meanwhile."
    )


class RowErrorSerializer(serializers.Serializer[Any]):
    """One bad cell."""

    sheet = serializers.CharField()
    row = serializers.CharField()
    cell = serializers.CharField()
    column = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()


class HeaderSerializer(serializers.Serializer[Any]):
    """A column of the sheet: its letter and header, what it was taken for, or why it is ignored.

    `matched` says how: by its name (""), by `hand`, or as by hand `last_time`.
    """

    place = serializers.CharField()
    header = serializers.CharField()
    column = serializers.CharField(allow_blank=True)
    ignored = serializers.CharField(allow_blank=True)
    matched = serializers.ChoiceField(["", BY_HAND, AS_LAST_TIME])


class LeftRowSerializer(serializers.Serializer[Any]):
    """A row that an undo leaves as it is."""

    row = serializers.IntegerField()
    key = serializers.CharField()
    reason = serializers.CharField()


class KeptMoment(serializers.DateTimeField):
    """A moment that is kept as text, told in the reader's time zone as all others are."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(datetime.fromisoformat(value))


class UndoOutlookSerializer(serializers.Serializer[Any]):
    """What an undo would do, when it was last looked; `settled` rows are as they were before already."""

    at = KeptMoment()
    removes = serializers.IntegerField()
    restores = serializers.IntegerField()
    settled = serializers.IntegerField()
    left = serializers.IntegerField()
    first = LeftRowSerializer(many=True, help_text="The first rows that would be left.")


class UndoStateSerializer(serializers.Serializer[Any]):
    """How an import can be undone, or was."""

    possible = serializers.BooleanField(source="can_be_undone")
    until = serializers.DateTimeField(source="undo_until", allow_null=True, help_text="Its rows are kept as long.")
    by = serializers.CharField(source="undone_by.username", default=None, allow_null=True)
    outlook = UndoOutlookSerializer(source="undo.seen", default=None, allow_null=True)
    problem = serializers.CharField(source="undo.problem", default="", allow_blank=True, help_text="Why it stopped.")
    removed = serializers.IntegerField(source="removed_rows")
    restored = serializers.IntegerField(source="restored_rows")
    left = serializers.IntegerField(source="left_rows")
    first_left = LeftRowSerializer(source="undo.left", many=True, default=list)


class JobErrorSerializer(serializers.Serializer[Any]):
    """Why a job failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class JobSerializer(serializers.ModelSerializer[Any]):
    """What imports and exports tell alike."""

    created_by = serializers.SlugRelatedField("username", read_only=True)  # type: ignore[var-annotated]  # of any user model
    progress = ProgressSerializer(source="*")
    error = serializers.SerializerMethodField()

    def get_error(self, job: ImportJob | ExportJob) -> dict[str, str] | None:
        return {"code": job.error_code or "10001", "message": job.error} if job.error else None


class ImportSerializer(JobSerializer):
    """An import. `errors` are the first bad cells; all of them are in errors.xlsx."""

    counts = CountsSerializer()
    result = ResultSerializer(source="*")
    invited = serializers.IntegerField(source="invited_rows", read_only=True)

    class Meta:
        model = ImportJob
        fields = [
            "id", "resource", "state", "mode", "file_name", "size", "sheet", "progress", "counts", "result", "invited", "error",
            "notes", "created_by", "created_at", "started_at", "confirmed_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class ImportDetailSerializer(ImportSerializer):
    """An import with its columns and first errors."""

    undo = UndoStateSerializer(source="*")
    columns = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # the contract's name

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "undo", "columns", "mapping", "errors"]
        read_only_fields = fields

    def get_columns(self, job: ImportJob) -> list[dict[str, str]]:
        names = ("place", "header", "column", "ignored", "matched")
        return [dict(zip(names, each, strict=True)) for each in saved_headers(job)]

    def get_errors(self, job: ImportJob) -> list[dict[str, str]]:
        return first_errors(job)


class PreviewRowSerializer(serializers.Serializer[Any]):
    """A row of the preview: what it says, and old and new of what it would change."""

    number = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.CharField()
    values = serializers.DictField()
    changes = serializers.DictField(child=serializers.ListField())
    errors = RowErrorSerializer(many=True)  # type: ignore[assignment]  # the name it has everywhere


class MatchSerializer(serializers.ModelSerializer[ColumnMatch]):
    """A header you matched by hand; `column` is "" where you left it out."""

    class Meta:
        model = ColumnMatch
        fields = ["header", "column", "matched_at"]
        read_only_fields = fields


class ColumnNames(serializers.ListField):
    """Names of columns."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=60), max_length=256, **options)


class ColumnSetSerializer(StrictSerializer):
    """Columns under a name. Of a resource's sets one may be the default: what the buttons of the back office take out."""

    id = serializers.IntegerField(read_only=True)
    resource = ResourceField()
    name = serializers.CharField(max_length=60)
    columns = ColumnNames(help_text="In the order of the sheet, whatever the order here.")
    is_default = serializers.BooleanField(default=False)


class ColumnSetQuerySerializer(StrictSerializer):
    """Which sets."""

    resource = ResourceField(required=False)


class ExportRequestSerializer(StrictSerializer):
    """What to take out, and how."""

    resource = ResourceField()
    columns = ColumnNames(required=False, help_text="All that you may take out, unless named here or in `column_set`.")
    column_set = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="A set of yours.")
    filters = serializers.DictField(required=False)
    format = serializers.ChoiceField(ExportJob.Format.choices, default=ExportJob.Format.XLSX)


class DownloadQuerySerializer(StrictSerializer):
    """With which link."""

    link = serializers.CharField(required=False, max_length=400, help_text="As `download_url` has it.")


class ExportSerializer(JobSerializer):
    """An export. `download_url` is good for ten minutes, and only for who asked for the export."""

    download_url = serializers.SerializerMethodField()

    class Meta:
        model = ExportJob
        fields = [
            "id", "resource", "state", "format", "columns", "filters", "file_name", "size", "progress", "error",
            "created_by", "created_at", "started_at", "finished_at", "expires_at", "download_url",
        ]  # fmt: skip
        read_only_fields = fields

    def get_download_url(self, job: ExportJob) -> str | None:
        user = self.context["request"].user
        if not job.can_be_downloaded or job.created_by_id != user.pk:
            return None
        return f"{reverse('export-download', args=[job.pk])}?{urlencode({'link': link_to(job, by=user)})}"
