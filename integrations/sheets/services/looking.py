"""What can be seen of an import: its rows, its errors, its template."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.http import FileResponse
from django.utils.translation import gettext as _

from integrations.sheets import exporting
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.resources import resource_class
from project.core.errors import NoPermission

SHOWN_ERRORS = 200


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
