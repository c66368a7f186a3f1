"""What can be seen of an import: its rows, its errors, its template."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from django.http import FileResponse
from django.utils.translation import gettext as _

from integrations.sheets import exporting
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.resources import resource_class
from integrations.sheets.rows import KINDS
from project.core.errors import NoPermission

SHOWN_ERRORS = 200


def first_errors(job: ImportJob) -> list[dict[str, str]]:
    """The first bad cells, each with sheet, row, cell, column, value and reason."""
    found: list[dict[str, str]] = []
    for chunk in job.chunks.filter(bad__gt=0).order_by("number"):
        for row in chunk.singles:
            found += row["errors"]
        if len(found) >= SHOWN_ERRORS:
            break
    return found[:SHOWN_ERRORS]


def error_line(error: Mapping[str, str]) -> str:
    """One bad cell as a sentence: `B7: formula …`."""
    where = error["cell"] or _("Row {n}").format(n=error["row"])
    return f"{where}: {error['reason']}"


class Tally(NamedTuple):
    """A chunk of an import, and how many rows of each kind stand in it."""

    chunk: int
    counts: Mapping[str, int]


def tallied(job: ImportJob, search: str = "") -> list[Tally]:
    """Count the rows of each kind by the latest knowledge, with `search` only those whose key contains it, in whatever case."""
    chunks = job.chunks.order_by("number")
    if not (text := _folded(search)):
        return [Tally(pk, dict(zip(KINDS, counts, strict=True))) for pk, *counts in chunks.values_list("pk", *KINDS)]
    found = chunks.filter(keys__contains=text).values_list("pk", "keys")
    return [Tally(pk, _counted(keys, text)) for pk, keys in found.iterator(chunk_size=50)]


def _counted(keys: str, text: str) -> dict[str, int]:
    firsts = Counter(line[0] for line in keys.split("\n") if text in line[1:])
    return {kind: firsts[kind[0]] for kind in KINDS}


def counted(tallies: Iterable[Tally]) -> dict[str, int]:
    """How many rows of each kind there are in all."""
    tallies = list(tallies)
    return {kind: sum(tally.counts[kind] for tally in tallies) for kind in KINDS}


def preview(
    job: ImportJob, kind: str, *, offset: int, limit: int, search: str = "", tallies: Iterable[Tally] | None = None
) -> list[dict[str, Any]]:
    """A page of the rows of one kind, found by the tallies without reading the chunks of other pages."""
    rows: list[dict[str, Any]] = []
    for chunk, counts in tallied(job, search) if tallies is None else tallies:
        if offset >= counts[kind]:
            offset -= counts[kind]
            continue
        fitting = [row for row in ImportChunk.objects.get(pk=chunk).every_row if _fits(row, kind, search)]
        rows += fitting[offset : offset + limit - len(rows)]
        offset = 0
        if len(rows) >= limit:
            break
    return rows


class PreviewedRows:
    """The rows of one kind, as a paginator wants them: counted, and read only where a page begins and ends."""

    def __init__(self, job: ImportJob, kind: str, search: str = "") -> None:
        self.job, self.kind, self.search = job, kind, search
        self.tallies = tallied(job, search)

    def count(self) -> int:
        """How many there are."""
        return counted(self.tallies)[self.kind]

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        place = {"offset": part.start, "limit": part.stop - part.start}
        return preview(self.job, self.kind, **place, search=self.search, tallies=self.tallies)


def _fits(row: Mapping[str, Any], kind: str, search: str) -> bool:
    return row["kind"] == kind and _folded(search) in _folded(row["key"])


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def errors_workbook(job: ImportJob) -> FileResponse:
    """The rows that were not taken, with the reasons in the margin, ready to be corrected and uploaded again."""
    return exporting.answer(
        exporting.errors_of(job), _("errors of {name}").format(name=PurePath(job.file_name).stem), "xlsx"
    )


def template(resource: str, *, by: Any) -> FileResponse:
    """An empty workbook with the right headers, notes and drop-downs.

    :raises NoPermission: when `by` may not import this.
    """
    found = resource_class(resource)(actor=by)
    if not found.may_import():
        raise NoPermission
    return exporting.answer(exporting.template_of(found), _("template for {name}").format(name=found.title), "xlsx")
