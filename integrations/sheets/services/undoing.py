"""How a finished import is undone."""

from typing import Any

from django.db import transaction
from django.utils import formats, timezone

from integrations.sheets import errors
from integrations.sheets.models import ImportJob
from integrations.sheets.progress import tell
from integrations.sheets.resources import resource_class
from integrations.sheets.services.ending import not_now
from project.core import audit, jobs
from project.core.errors import NoPermission


def undo(job: ImportJob, *, by: Any, mode: str = ImportJob.Undo.ALL) -> ImportJob:
    """Have an import taken back, or with mode `check` only looked at what that would do. Of two at once one counts.

    Rows that were touched since stay as they are. With mode `all` nothing is undone when there are such rows, and
    `job.undo["seen"]` tells of them; with mode `rest` everything else is undone.

    :raises NoPermission: when `by` may not import this.
    :raises NotInThisState: when it wrote nothing, is undone already or at it.
    :raises UndoOver: when its rows are no longer kept.
    """
    if not resource_class(job.resource)(actor=by).may_import():
        raise NoPermission
    if not job.has_something_to_undo:
        raise not_now(job)
    if not job.can_be_undone:
        raise undo_over(job)
    asked = {**job.undo, "mode": mode, "from": job.state, "problem": ""}
    with transaction.atomic():
        kept = {"finished_at": job.finished_at, "done": 0, "total": job.stands, "reversing": ""}
        if not job.move(ImportJob.State.UNDOING, undo=asked, undone_by=by, **kept):
            job.refresh_from_db()
            raise not_now(job)
        jobs.wake(job)
    audit.record("import.undo_asked", job, actor=by, resource=job.resource, mode=mode)
    tell(job)
    return job


def undo_over(job: ImportJob) -> errors.UndoOver:
    """What people are told once an import's rows are let go of."""
    until = job.undo_until or timezone.now()
    return errors.UndoOver(until=formats.date_format(timezone.localtime(until), "DATE_FORMAT"))
