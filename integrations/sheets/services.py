"""Every way an import or an export begins, goes on and ends."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.sheets import errors, exporting, storage
from integrations.sheets.checking import limits, resource_of
from integrations.sheets.importing import CANCELLED
from integrations.sheets.models import ExportJob, ImportChunk, ImportJob
from integrations.sheets.progress import tell
from integrations.sheets.reader import bounds
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.resources import SheetResource, resource_class
from project.core import audit, jobs
from project.core.errors import GatehouseError, InvalidParameters, NoPermission

KEPT = timedelta(days=1)
"""How long an upload waits for its confirmation, and a finished export for its download."""
REMEMBERED = timedelta(days=90)
SHOWN_ERRORS = 200


# --- in ---------------------------------------------------------------------------------------------------------------


def start_import(*, resource: str, file: UploadedFile[Any], mode: str, by: Any) -> ImportJob:
    """Take an upload in and have it read.

    :raises NoPermission: when `by` may not import this.
    :raises FileTooLarge: beyond IMPORT_MAX_BYTES.
    :raises UnreadableFile: for a file that can be refused from outside.
    """
    if not resource_class(resource)(actor=by).may_import():
        raise NoPermission
    name = plain_name(file.name)
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise errors.FileTooLarge(limit=filesizeformat(settings.IMPORT_MAX_BYTES))
    try:
        kind = bounds.kind_of(name)
        bounds.examine(file, kind, limits())  # type: ignore[arg-type]  # an upload reads and seeks as any binary file
    except Unreadable as problem:
        raise errors.refusal(problem) from problem
    job = ImportJob(resource=resource, mode=mode, kind=kind, file_name=name, size=file.size or 0)
    job.created_by, job.language = by, get_language() or ""
    with transaction.atomic():
        job.file.save(name, file, save=True)
        jobs.wake(job)
    audit.record("import.uploaded", job, actor=by, resource=resource, file=name, size=job.size)
    return job


def confirm(job: ImportJob, *, by: Any, mode: str = "") -> ImportJob:
    """Have a checked import written. Of two confirmations one counts.

    :raises ImportFailed: when rows are bad and all or none were asked for; `fields` names the first of them.
    :raises NotInThisState: when it is not waiting for this.
    """
    resource_of(job)
    mode = mode or job.mode
    if job.state != ImportJob.State.READY:
        raise _not_now(job)
    if job.bad and mode == ImportJob.Mode.ALL:
        raise errors.ImportFailed(n=job.bad, fields={"rows": [error_line(each) for each in first_errors(job)[:20]]})
    if not job.writes:
        raise errors.NotInThisState(_("There is nothing to import: no row is new or changed."))
    with transaction.atomic():
        if not job.move(ImportJob.State.IMPORTING, mode=mode, done=0, total=job.rows, confirmed_at=timezone.now()):
            job.refresh_from_db()
            raise _not_now(job)
        jobs.wake(job)
    audit.record("import.confirmed", job, actor=by, resource=job.resource, mode=mode, rows=job.counts)
    return job


def cancel(job: ImportJob, *, by: Any) -> ImportJob:
    """End an import. While rows are being written, what was written is taken back first.

    :raises NotInThisState: when it has ended already.
    """
    while True:
        if job.state == ImportJob.State.IMPORTING:
            asked = ImportJob.objects.filter(pk=job.pk, state=job.state, reversing="").update(reversing=CANCELLED)
        elif job.can_be_cancelled:
            asked = job.move(ImportJob.State.CANCELLED)
        else:
            raise _not_now(job)
        state = job.state
        job.refresh_from_db()
        if asked or (state == job.state and job.reversing):
            break
    if job.state == ImportJob.State.CANCELLED:
        storage.discard(job)
    else:
        jobs.wake(job)
    audit.record("import.cancelled", job, actor=by, resource=job.resource)
    tell(job)
    return job


def remap(job: ImportJob, *, mapping: Mapping[str, str | None], by: Any) -> ImportJob:
    """Have the file read again with columns matched by hand: letter → column, or None to leave one out.

    :raises InvalidParameters: for letters or columns that are not there; `fields` names them.
    :raises NotInThisState: once rows are being written, or the file is gone.
    """
    resource = resource_of(job)
    if not job.can_be_mapped:
        raise _not_now(job)
    known = {column.name for column in resource.columns if not column.readonly}
    places = {each[0] for each in job.headers}
    wrong = {
        place: [_("There is no such column.")]
        for place, name in mapping.items()
        if place not in places or (name is not None and name not in known)
    }
    if wrong:
        raise InvalidParameters(fields={"mapping": wrong})
    with transaction.atomic():
        if not job.move(ImportJob.State.QUEUED, mapping=dict(mapping), error="", error_code=""):
            raise _not_now(job)
        jobs.wake(job)
    audit.record("import.mapped", job, actor=by, resource=job.resource, mapping=dict(mapping))
    return job


def fail(job: ImportJob | ExportJob, problem: GatehouseError) -> None:
    """End a job for a reason its owner can understand."""
    if not job.move("failed", error=str(problem), error_code=problem.code):
        return
    # with headers at hand the columns can still be matched by hand
    if isinstance(job, ExportJob) or not job.can_be_mapped:
        storage.discard(job)
    tell(job)


def first_errors(job: ImportJob) -> list[dict[str, str]]:
    """The first bad cells, each with sheet, row, cell, column, value and reason."""
    found: list[dict[str, str]] = []
    for chunk in job.chunks.filter(bad__gt=0).order_by("number"):
        for row in chunk.rows:
            found += row["errors"]
        if len(found) >= SHOWN_ERRORS:
            break
    return found[:SHOWN_ERRORS]


def error_line(error: Mapping[str, str]) -> str:
    """One bad cell as a sentence: `B7: formula …`."""
    where = error["cell"] or _("Row {n}").format(n=error["row"])
    return f"{where}: {error['reason']}"


def preview(job: ImportJob, kind: str, *, offset: int, limit: int) -> list[dict[str, Any]]:
    """A page of the rows of one kind, found by the counts of the chunks without reading the others."""
    found: list[dict[str, Any]] = []
    for pk, n in job.chunks.order_by("number").values_list("pk", kind):
        if offset >= n:
            offset -= n
            continue
        rows = [row for row in ImportChunk.objects.get(pk=pk).rows if row["kind"] == kind]
        found += rows[offset : offset + limit - len(found)]
        offset = 0
        if len(found) >= limit:
            break
    return found


def counted(job: ImportJob, kind: str) -> int:
    """How many rows of one kind `preview` has, by the latest knowledge."""
    return int(job.chunks.aggregate(n=models.Sum(kind))["n"] or 0)


def errors_workbook(job: ImportJob) -> FileResponse:
    """The rows that were not taken, with the reasons in the margin, ready to be corrected and uploaded again."""
    return exporting.answer(exporting.errors_of(job), _("errors of {name}").format(name=job.file_name), "xlsx")


def template(resource: str, *, by: Any) -> FileResponse:
    """An empty workbook with the right headers, notes and drop-downs.

    :raises NoPermission: when `by` may not import this.
    """
    found = resource_class(resource)(actor=by)
    if not found.may_import():
        raise NoPermission
    return exporting.answer(exporting.template_of(found), _("template for {name}").format(name=found.title), "xlsx")


# --- out --------------------------------------------------------------------------------------------------------------


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
    raise _not_now(job)


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
    file = exporting.written_rows(found, shown, columns, kind, counted)
    audit.record("export.done", None, actor=user, resource=resource, columns=list(columns or ()), rows=counted[0])
    return exporting.answer(file, str(found.title), kind)


def download(job: ExportJob, *, by: Any) -> FileResponse:
    """Hand out a finished export.

    :raises NotInThisState: when there is no file (yet, or any more).
    """
    if not job.can_be_downloaded or not job.file.name:
        raise _not_now(job)
    try:
        file = job.file.storage.open(job.file.name)
    except FileNotFoundError as gone:
        raise errors.NotInThisState(_("The file is no longer kept. Start the export again.")) from gone
    audit.record("export.downloaded", job, actor=by, resource=job.resource, rows=job.done)
    return exporting.answer(file, job.file_name, job.format)


# --- house-keeping ----------------------------------------------------------------------------------------------------


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
    ImportChunk.objects.filter(job__finished_at__lt=now - REMEMBERED).delete()
    return gone


def visible(model: type[Any], user: Any) -> "models.QuerySet[Any]":
    """One's own jobs; a superuser sees everybody's."""
    every: models.QuerySet[Any] = model._default_manager.select_related("created_by")
    return every if user.is_superuser else every.filter(created_by=user)


def plain_name(name: str | None) -> str:
    """A file's name as it may be shown: no path, no control characters, not endless."""
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in base if letter.isprintable()).strip()
    stem, dot, suffix = shown.rpartition(".")
    return f"{stem[:150]}{dot}{suffix[:10]}"


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


def _not_now(job: ImportJob | ExportJob) -> errors.NotInThisState:
    return errors.NotInThisState(state=job.get_state_display())
