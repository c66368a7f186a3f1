"""Every way an export begins, ends and is handed out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.http import FileResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.sheets import errors, storage
from integrations.sheets import exporting as files
from integrations.sheets.models import ExportJob
from integrations.sheets.progress import tell
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.services.ending import not_now
from project.core import audit, jobs
from project.core.errors import InvalidParameters, NoPermission


def start_export(
    *, resource: str, by: Any, columns: Sequence[str] = (), filters: Mapping[str, Any] | None = None, kind: str = "xlsx"
) -> ExportJob:
    """Have a list written to a file.

    :raises NoPermission: when `by` may not take this out.
    :raises InvalidParameters: for columns or filters that are not there.
    """
    found = _exportable(resource, by, columns)
    found.filtered(filters or {})
    job = ExportJob(resource=resource, columns=list(columns), filters=dict(filters or {}), format=kind)
    job.created_by, job.language = by, get_language() or ""
    with transaction.atomic():
        job.save()
        jobs.wake(job)
    audit.record("export.asked", job, actor=by, resource=resource, columns=list(columns), filters=dict(filters or {}))
    return job


def cancel_export(job: ExportJob, *, by: Any) -> ExportJob:
    """Stop an export.

    :raises NotInThisState: when it has ended already.
    """
    while job.can_be_cancelled:
        if job.move(ExportJob.State.CANCELLED):
            audit.record("export.cancelled", job, actor=by)
            tell(job)
            return job
        job.refresh_from_db()
    raise not_now(job)


def export_now(
    resource: str,
    queryset: "models.QuerySet[Any]",
    user: Any,
    columns: Sequence[str] | None = None,
    *,
    kind: str = "xlsx",
) -> FileResponse:
    """Write what a list shows and answer with the file. Rows outside the user's scope stay out.

    :raises NoPermission: when the user may not take this out.
    :raises InvalidParameters: for columns that are not there.
    """
    found = _exportable(resource, user, columns or ())
    shown = queryset.filter(pk__in=found.queryset().values("pk"))
    counted: list[int] = [0]
    file = files.written_rows(found, shown, columns, kind, counted)
    audit.record("export.done", None, actor=user, resource=resource, columns=list(columns or ()), rows=counted[0])
    return files.answer(file, str(found.title), kind)


def download(job: ExportJob, *, by: Any) -> FileResponse:
    """Hand out a finished export.

    :raises NotInThisState: when there is no file (yet, or any more).
    """
    if not job.can_be_downloaded or not job.file.name:
        raise not_now(job)
    try:
        file = storage.found(job)
    except FileNotFoundError as gone:
        raise errors.NotInThisState(_("The file is no longer kept. Start the export again.")) from gone
    audit.record("export.downloaded", job, actor=by, resource=job.resource, rows=job.done)
    return files.answer(file, job.file_name, job.format)


def _exportable(resource: str, by: Any, columns: Sequence[str]) -> SheetResource:
    found = resource_class(resource)(actor=by)
    if not found.may_export():
        raise NoPermission
    allowed = {column.name for column in found.export_columns()}
    unknown = [name for name in columns if name not in allowed]
    if unknown:
        text = _("There is no column “{name}” to take out.")
        raise InvalidParameters(fields={"columns": [text.format(name=str(name)[:40]) for name in unknown]})
    return found
