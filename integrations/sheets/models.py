"""Imports and exports: rows that are their own queue, and what is kept of a file until it is confirmed."""

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.core.jobs import Job


def private_storage() -> Storage:
    return storages["private"]


def upload_path(job: "ImportJob", _name: str) -> str:
    """A path nobody can guess; what people call their files stays in `file_name`."""
    return f"imports/{job.pk}/{secrets.token_hex(8)}.{job.kind}"


def export_path(job: "ExportJob", _name: str) -> str:
    return f"exports/{job.pk}/{secrets.token_hex(8)}.{job.format}"


class SheetJob(Job):
    """What imports and exports have in common."""

    resource = models.CharField(_("what"), max_length=40)
    language = models.CharField(_("language"), max_length=10, blank=True)
    error_code = models.CharField(_("error code"), max_length=10, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.resource} · {self.pk}"


class ImportJob(SheetJob):
    """One uploaded file on its way in."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        READING = "reading", _("reading")
        READY = "ready", _("ready for your confirmation")
        IMPORTING = "importing", _("importing")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    class Mode(models.TextChoices):
        ALL = "all", _("all rows or none")
        VALID = "valid", _("the good rows")

    class Undo(models.TextChoices):
        CHECK = "check", _("only say what could be undone")
        ALL = "all", _("all rows or none")
        REST = "rest", _("the rows that can be")

    CLAIMABLE = frozenset({"queued", "reading", "importing", "undoing"})
    FINAL = frozenset({"done", "failed", "cancelled", "undone"})
    OPEN: ClassVar = frozenset({"queued", "reading", "ready", "importing", "undoing"})

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.QUEUED, db_index=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices, default=Mode.ALL)
    file = models.FileField(_("file"), upload_to=upload_path, storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    kind = models.CharField(max_length=10, default="xlsx", editable=False)
    size = models.BigIntegerField(_("size"), default=0)
    sheet = models.CharField(_("sheet"), max_length=100, blank=True)
    # column letter → column name, or null for one to leave out; made by hand
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    # what each column of the sheet was taken for: [place, text, column, why not, how it was matched]
    headers = models.JSONField(_("headers"), default=list, blank=True)
    header_row = models.PositiveIntegerField(default=0, editable=False)
    notes = models.JSONField(_("notes"), default=list, blank=True)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    bad = models.PositiveIntegerField(_("bad"), default=0)
    created_rows = models.PositiveIntegerField(_("created"), default=0)
    updated_rows = models.PositiveIntegerField(_("updated"), default=0)
    skipped_rows = models.PositiveIntegerField(_("skipped"), default=0)
    # set when something came between: what was written is being taken back, by whichever worker has the job
    reversing = models.TextField(default="", blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    # the people it adds are invited once all rows are written; from then on there is no way back but an undo
    invite = models.BooleanField(_("invite"), default=False)
    inviting = models.BooleanField(default=False, editable=False)
    invited_rows = models.PositiveIntegerField(_("invited"), default=0)
    # what is asked of an undo, what was found when it was last looked, and which rows were left: see undoing.py
    undo = models.JSONField[dict[str, Any]](_("undo"), default=dict, blank=True, editable=False)
    removed_rows = models.PositiveIntegerField(_("removed again"), default=0)
    restored_rows = models.PositiveIntegerField(_("restored"), default=0)
    left_rows = models.PositiveIntegerField(_("left as they are"), default=0)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("undone by"),
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.file_name or str(self.pk)

    @property
    def counts(self) -> dict[str, int]:
        return {"new": self.new, "changed": self.changed, "unchanged": self.unchanged, "bad": self.bad}

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.unchanged + self.bad

    @property
    def left_out(self) -> int:
        """How many rows a finished import did not write although the file held them."""
        return (self.bad if self.state == self.State.DONE else 0) + self.skipped_rows

    @property
    def writes(self) -> int:
        """How many rows an import would write."""
        return self.new + self.changed

    @property
    def can_be_confirmed(self) -> bool:
        return self.state == self.State.READY and self.writes > 0 and (not self.bad or self.mode == self.Mode.VALID)

    @property
    def can_be_cancelled(self) -> bool:
        return self.state in self.OPEN and not self.inviting

    @property
    def can_be_mapped(self) -> bool:
        """The columns may be matched by hand while nothing is written and the file is still there."""
        waits = self.state == self.State.READY or (self.state == self.State.FAILED and bool(self.headers))
        return waits and bool(self.file) and not self.written

    @property
    def written(self) -> int:
        return self.created_rows + self.updated_rows

    @property
    def stands(self) -> int:
        """How many of the rows it wrote were neither taken back nor left for good."""
        settled: int = self.undo.get("settled", 0)
        return self.written - self.removed_rows - self.restored_rows - self.left_rows - settled

    @property
    def undo_until(self) -> datetime | None:
        """Until when its rows are kept, and with them the means to undo it."""
        return self.finished_at + timedelta(days=settings.IMPORT_UNDO_DAYS) if self.finished_at else None

    @property
    def has_something_to_undo(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED} and self.stands > 0

    @property
    def can_be_undone(self) -> bool:
        until = self.undo_until
        kept = self.has_something_to_undo and until is not None and timezone.now() < until
        return kept and self.chunks.filter(applied=True).exists()


class ImportChunk(models.Model):
    """Some rows of an import, as they were checked: preview until it is confirmed, record of what was done after.

    A chunk is written together with its rows' effect, in one transaction: `applied` tells where to go on.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    rows = models.JSONField[list[dict[str, Any]]](default=list)
    # a line for each row: the first letter of its kind, then its key; to search without reading the rows
    keys = models.TextField(default="", blank=True)
    applied = models.BooleanField(default=False)
    # primary keys of what was made, in the order of the new rows, to be able to take it back
    made = models.JSONField[list[Any]](default=list)
    # how many of these were looked at when people were invited
    invited = models.PositiveIntegerField(default=0)
    # how many of the rows it wrote an undo is through with, from the last one on
    undone = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.number}"


class ColumnMatch(models.Model):
    """What somebody matched by hand: each person their own, so that nobody's mistake steers a colleague's import."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    resource = models.CharField(max_length=40)
    header = models.CharField(max_length=100)
    # as `headers.normal` makes it: what two headers have in common that mean the same
    normal = models.CharField(max_length=100)
    # "" is for one that is left out
    column = models.CharField(max_length=60, blank=True)
    matched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["header"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person", "resource", "normal"], name="one_match_for_each_header"),
        ]

    def __str__(self) -> str:
        return f"{self.header} → {self.column or '–'}"


class ExportJob(SheetJob):
    """One list on its way out."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        WRITING = "writing", _("writing")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Format(models.TextChoices):
        XLSX = "xlsx", "Excel (.xlsx)"
        CSV = "csv", "CSV (.csv)"

    CLAIMABLE = frozenset({"queued", "writing"})

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.QUEUED, db_index=True)
    format = models.CharField(_("format"), max_length=10, choices=Format.choices, default=Format.XLSX)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    file = models.FileField(_("file"), upload_to=export_path, storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    size = models.BigIntegerField(_("size"), default=0)
    expires_at = models.DateTimeField(_("available until"), null=True, blank=True)
    # answered with at once: no file was kept of it
    at_once = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.file_name or str(self.pk)

    @property
    def can_be_downloaded(self) -> bool:
        return self.state == self.State.DONE and bool(self.file) and not self.has_run_out

    @property
    def has_run_out(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def can_be_cancelled(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.WRITING}


class ColumnSet(models.Model):
    """Columns that somebody takes out of a resource again and again, under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    resource = models.CharField(_("what"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    columns = models.JSONField[list[str]](_("columns"), default=list)
    # what their exports hold unless they choose; at most one for each resource
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("column set")
        verbose_name_plural = _("column sets")
        ordering = ["name"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "resource", "name"], name="column_set_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
