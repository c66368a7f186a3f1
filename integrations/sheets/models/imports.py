"""Files on their way in: jobs that are their own queue, what is kept of a file until it is confirmed, and what people matched."""

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.sheets import packing
from integrations.sheets.models.jobs import SheetJob, private_storage


def upload_path(job: "ImportJob", _name: str) -> str:
    """A path nobody can guess; what people call their files stays in `file_name`."""
    return f"imports/{job.pk}/{secrets.token_hex(8)}.{job.kind}"


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
    # as `packing.pack` made it
    rows = models.JSONField[packing.Packed](default=list)
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

    @property
    def size(self) -> int:
        """How many rows it has."""
        return self.new + self.changed + self.unchanged + self.bad

    @property
    def every_row(self) -> list[packing.Kept]:
        """All of its rows, in the order of the sheet."""
        return packing.every_row(self.rows)

    @property
    def singles(self) -> list[packing.Kept]:
        """Its rows but for those that are simply new."""
        return packing.singles(self.rows)


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
