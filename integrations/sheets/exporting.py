"""From rows to files: lists, templates, the errors of an import."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import IO, Any

from django.core.files import File
from django.db import models, transaction
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.sheets import example, storage, watching, writer
from integrations.sheets.checking import resource_of, saved_headers
from integrations.sheets.columns import Column
from integrations.sheets.models import ExportJob, ImportJob
from integrations.sheets.progress import Progress, tell
from integrations.sheets.reader.process import Cell, Flaw, from_plain
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.resources.declared import MARGIN
from integrations.sheets.rows import BAD
from integrations.sheets.writer import CONTENT_TYPES, Head
from project.core import audit
from project.core.errors import NoPermission

KEPT = timedelta(days=7)
TEMPLATE_ROWS = 500
EVERY_ROWS = 200


def write(job: ExportJob) -> None:
    """Write an export's file, in the name of who asked for it."""
    person = job.created_by
    job.move(ExportJob.State.WRITING, done=0)
    resource = resource_class(job.resource)(actor=person)
    if person is None or not person.is_active or not resource.may_export():
        raise NoPermission
    rows = resource.filtered(job.filters)
    job.total = rows.count()
    progress = Progress(job)
    counted = [0]
    with written_rows(resource, rows, job.columns, job.format, counted, progress) as file:
        job.file_name = name_of(resource, job.format)
        job.file.save(job.file_name, File(file), save=False)
    kept = {"file": job.file.name, "file_name": job.file_name, "size": job.file.size}
    job.done = job.total = counted[0]
    with transaction.atomic():
        moved = job.move(ExportJob.State.DONE, expires_at=timezone.now() + KEPT, **kept)
        if moved:
            note(job, resource)
    if not moved:
        storage.discard(job)
    tell(job)


def note(job: ExportJob, resource: SheetResource) -> None:
    """Write a finished export down, and raise the alarm when it is a large one."""
    about = {"resource": job.resource, "rows": job.done, "filters": job.filters, "columns": job.columns}
    audit.record("export.done", job, actor=job.created_by, **about)
    watching.watch(job, resource)


def name_of(resource: SheetResource, kind: str) -> str:
    """What a file is called: what is in it, and when it was written."""
    return f"{resource.title} {timezone.localtime():%Y-%m-%d %H%M}.{kind}"


def written_rows(
    resource: SheetResource,
    queryset: "models.QuerySet[Any]",
    columns: Sequence[str] | None,
    kind: str,
    counted: list[int],
    progress: Progress | None = None,
) -> IO[bytes]:
    """Write rows to a nameless file and return it; `counted[0]` tells how many there were."""
    chosen = resource.export_columns(columns)

    def rows() -> Iterator[Sequence[Cell]]:
        for row in resource.export_rows(queryset, chosen):
            counted[0] += 1
            if progress and counted[0] % EVERY_ROWS == 0:
                progress.advance(counted[0])
            yield row

    return writer.written(kind, str(resource.title), writer.heads(chosen), rows())


def template_of(resource: SheetResource) -> IO[bytes]:
    """An empty sheet of the columns that can be imported."""
    columns = [column for column in resource.columns if not column.readonly]
    heads = [
        head._replace(choices=resource.choices(column))
        for head, column in zip(writer.heads(columns), columns, strict=True)
    ]
    blank: list[list[Cell]] = [[None] * len(heads)] * TEMPLATE_ROWS
    if any(column.example for column in columns):
        said = _("The row below is an example: it is left out.")
        heads[0] = heads[0]._replace(note=f"{heads[0].note} {said}".strip())
        blank[0] = example.row(columns)
    return writer.written("xlsx", str(resource.title), heads, blank)


def errors_of(job: ImportJob) -> IO[bytes]:
    """The rows of an import that still want something; all of them while nothing was imported."""
    found = [header for header in saved_headers(job) if header.column]
    resource = resource_of(job, found, trusted=True)
    columns = [resource.column(header.column) for header in found]
    heads = [*_heads_of(columns), Head(str(MARGIN.label), 60, alarming=True)]
    return writer.written("xlsx", job.sheet or str(resource.title), heads, _error_rows(job, columns))


def _heads_of(columns: Sequence[Column]) -> list[Head]:
    return [head._replace(note="") for head in writer.heads(columns)]


def _error_rows(job: ImportJob, columns: Sequence[Column]) -> Iterator[list[Cell]]:
    only_bad = job.state == ImportJob.State.DONE or job.mode == ImportJob.Mode.VALID
    for chunk in job.chunks.order_by("number").iterator(chunk_size=10):
        for row in chunk.every_row:
            if only_bad and row["kind"] != BAD:
                continue
            reasons = "; ".join(
                f"{each['column']}: {each['reason']}" if each["column"] else each["reason"] for each in row["errors"]
            )
            # a secret's column is there, empty: what people typed is kept nowhere
            yield [*(_shown(row["values"].get(column.name)) for column in columns), reasons or None]


def _shown(plain: Any) -> Cell:
    cell = from_plain(plain)
    return cell.text or None if isinstance(cell, Flaw) else cell


def answer(file: IO[bytes], name: str, kind: str) -> FileResponse:
    """Answer with a file that nobody else should keep."""
    name = name if name.endswith(f".{kind}") else f"{name}.{kind}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[kind])
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
