"""Lists on their way out, and the columns people take out again and again."""

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.sheets.models.jobs import SheetJob, private_storage


def export_path(job: "ExportJob", _name: str) -> str:
    return f"exports/{job.pk}/{secrets.token_hex(8)}.{job.format}"


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
