"""Every way an export begins, ends and is handed out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import models, transaction
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.sheets import errors, storage
from integrations.sheets import exporting as files
from integrations.sheets.models import ExportJob
from integrations.sheets.progress import tell
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.services.ending import not_now
from project.core import audit, jobs
from project.core.errors import InvalidParameters, NoPermission, NotFound

MOST_AT_ONCE = 20
"""So many exports of one person wait or are written at the same time."""
LINK_SECONDS = 600
"""How long the link to a finished export is good."""
SALT = "sheets.export"


def start_export(
    *, resource: str, by: Any, columns: Sequence[str] = (), filters: Mapping[str, Any] | None = None, kind: str = "xlsx"
) -> ExportJob:
    """Have a list written to a file.

    :raises NoPermission: when `by` may not take this out.
    :raises InvalidParameters: for columns or filters that are not there.
    :raises TooManyExports: when enough of theirs are being written.
    """
    found = _exportable(resource, by, columns)
    found.filtered(filters or {})
    if ExportJob.objects.filter(created_by=by, state__in=ExportJob.CLAIMABLE).count() >= MOST_AT_ONCE:
        raise errors.TooManyExports(n=MOST_AT_ONCE, retry_after=30)
    job = _job(resource, by, columns, filters, kind)
    with transaction.atomic():
        job.save()
        jobs.wake(job)
    audit.record("export.asked", job, actor=by, resource=resource, columns=job.columns, filters=job.filters)
    return job


def export_list(
    *, resource: str, by: Any, columns: Sequence[str] = (), filters: Mapping[str, Any] | None = None, kind: str = "xlsx"
) -> FileResponse | ExportJob:
    """Answer with the file of a short list at once, or start writing a long one.

    :raises NoPermission, InvalidParameters, TooManyExports: as `start_export` does.
    """
    rows = _exportable(resource, by, columns).filtered(filters or {})
    if rows.order_by()[: settings.EXPORT_NOW_ROWS + 1].count() <= settings.EXPORT_NOW_ROWS:
        return export_now(resource, rows, by, columns, filters=filters, kind=kind)
    return start_export(resource=resource, by=by, columns=columns, filters=filters, kind=kind)


def export_now(
    resource: str,
    queryset: "models.QuerySet[Any]",
    user: Any,
    columns: Sequence[str] | None = None,
    *,
    filters: Mapping[str, Any] | None = None,
    kind: str = "xlsx",
) -> FileResponse:
    """Write what a list shows and answer with the file. Rows outside the user's scope stay out.

    :param filters: what the list was narrowed by, for the record.
    :raises NoPermission: when the user may not take this out.
    :raises InvalidParameters: for columns that are not there.
    """
    found = _exportable(resource, user, columns or ())
    shown = queryset.filter(pk__in=found.queryset().order_by().values("pk"))
    counted: list[int] = [0]
    job = _job(resource, user, columns or (), filters, kind)
    job.started_at = timezone.now()
    file = files.written_rows(found, shown, columns, kind, counted)
    job.state, job.at_once, job.finished_at = ExportJob.State.DONE, True, timezone.now()
    job.done = job.total = counted[0]
    job.size = file.seek(0, 2)
    file.seek(0)
    job.file_name = files.name_of(found, kind)
    job.save()
    files.note(job, found)
    return files.answer(file, job.file_name, kind)


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


def link_to(job: ExportJob, *, by: Any) -> str:
    """Return what makes a link to the file: good for ten minutes, and for nobody but `by`."""
    return signing.dumps([str(job.pk), by.pk], salt=SALT, compress=True)


def download(job: ExportJob, *, by: Any, link: str | None = None) -> FileResponse:
    """Hand out a finished export, to who asked for it.

    :param link: what `link_to` made of it; None where there is none to be checked.
    :raises NotFound: for everybody else.
    :raises LinkTooOld: for a link that is not theirs, or too old.
    :raises NoPermission: when they may not take this out any more.
    :raises NotInThisState: when there is no file (yet, or any more).
    """
    if job.created_by_id != by.pk:
        raise NotFound
    if link is not None and not _is_good(link, job, by):
        raise errors.LinkTooOld
    _exportable(job.resource, by, ())
    if job.state != ExportJob.State.DONE:
        raise not_now(job)
    gone = errors.NotInThisState(_("The file is no longer kept. Start the export again."))
    if not job.can_be_downloaded:
        raise gone
    try:
        file = storage.found(job)
    except FileNotFoundError as missing:
        raise gone from missing
    audit.record("export.downloaded", job, actor=by, resource=job.resource, rows=job.done)
    return files.answer(file, job.file_name, job.format)


def _is_good(link: str, job: ExportJob, by: Any) -> bool:
    try:
        told = signing.loads(link, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return False
    return bool(told == [str(job.pk), by.pk])


def _job(resource: str, by: Any, columns: Sequence[str], filters: Mapping[str, Any] | None, kind: str) -> ExportJob:
    job = ExportJob(resource=resource, columns=list(columns), filters=dict(filters or {}), format=kind)
    job.created_by, job.language = by, get_language() or ""
    return job


def _exportable(resource: str, by: Any, columns: Sequence[str]) -> SheetResource:
    found = resource_class(resource)(actor=by)
    if not found.may_export():
        raise NoPermission
    ensure_columns(found, columns)
    return found


def ensure_columns(resource: SheetResource, columns: Sequence[str]) -> None:
    """:raises InvalidParameters: for columns that the resource's actor may not take out."""
    allowed = {column.name for column in resource.export_columns()}
    unknown = [name for name in columns if name not in allowed]
    if unknown:
        text = _("There is no column “{name}” to take out.")
        raise InvalidParameters(fields={"columns": [text.format(name=str(name)[:40]) for name in unknown]})
