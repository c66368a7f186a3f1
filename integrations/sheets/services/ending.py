"""How jobs end, and what is let go of afterwards."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.sheets import errors, storage
from integrations.sheets.models import ExportJob, ImportChunk, ImportJob
from integrations.sheets.progress import tell
from project.core.errors import GatehouseError

KEPT = timedelta(days=1)
"""How long an upload waits for its confirmation."""
REMEMBERED = timedelta(days=90)
"""How long what was exported can be looked up."""


def fail(job: ImportJob | ExportJob, problem: GatehouseError) -> None:
    """End a job for a reason its owner can understand."""
    if not job.move("failed", error=str(problem), error_code=problem.code):
        return
    # with headers at hand the columns can still be matched by hand
    if isinstance(job, ExportJob) or not job.can_be_mapped:
        storage.discard(job)
    tell(job)


def not_now(job: ImportJob | ExportJob) -> errors.NotInThisState:
    return errors.NotInThisState(state=job.get_state_display())


def purge() -> int:
    """Let go of what nobody fetched in time; return how many files went."""
    now = timezone.now()
    gone = 0
    for job in ImportJob.objects.filter(state=ImportJob.State.READY, created_at__lt=now - KEPT):
        job.move(ImportJob.State.CANCELLED, error=_("Nobody confirmed it in time."))
    finished = ImportJob.objects.filter(state__in=ImportJob.FINAL, finished_at__lt=now - KEPT).exclude(file="")
    expired = ExportJob.objects.filter(expires_at__lt=now).exclude(file="")
    stale: list[ImportJob | ExportJob] = [
        *finished,
        *expired,
        *ImportJob.objects.filter(state=ImportJob.State.CANCELLED).exclude(file=""),
    ]
    for each in stale:
        storage.discard(each)
        gone += 1
    ExportJob.objects.filter(finished_at__lt=now - REMEMBERED, file="").delete()
    kept = max(KEPT, timedelta(days=settings.IMPORT_UNDO_DAYS))
    ImportChunk.objects.filter(job__state__in=ImportJob.FINAL, job__finished_at__lt=now - kept).delete()
    return gone


def visible(model: type[Any], user: Any) -> "models.QuerySet[Any]":
    """One's own jobs; a superuser sees everybody's."""
    every: models.QuerySet[Any] = model._default_manager.select_related("created_by")
    return every if user.is_superuser else every.filter(created_by=user)
