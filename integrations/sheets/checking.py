"""From an upload to a preview: reads the file, matches its headers, checks each row."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from django.conf import settings
from django.utils.translation import gettext, ngettext

from integrations.sheets import example, headers, memory, packing, samples, storage
from integrations.sheets.batches import Batch
from integrations.sheets.errors import REASONS, UnreadableFile, refusal
from integrations.sheets.headers import Header
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.pace import Pace
from integrations.sheets.progress import Progress, tell
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.process import Reading, Row, reading
from integrations.sheets.reader.xlsx import column_number
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.rows import CHANGED, KINDS, NEW, UNCHANGED, Given, count, key_lines
from project.core.errors import NoPermission

HEADER_WITHIN = 10
"""Titles and remarks may stand above the headers: so many rows are looked at for them."""


def limits() -> Limits:
    return Limits(unzipped=settings.IMPORT_MAX_UNZIPPED, rows=settings.IMPORT_MAX_ROWS + HEADER_WITHIN)


def check(job: ImportJob) -> None:
    """Read and check a job's file; leaves the job ready for confirmation.

    :raises SheetError: when the file is refused.
    """
    job.chunks.all().delete()
    job.move(ImportJob.State.READING, new=0, changed=0, unchanged=0, bad=0, done=0)
    tell(job)
    try:
        with storage.opened(job) as file, reading(file, job.kind, limits()) as source:
            counted = _Checking(job, source).run()
    except Unreadable as problem:
        raise refusal(problem) from problem
    if job.move(ImportJob.State.READY, total=job.done, notes=job.notes, **counted):
        tell(job)


def resource_of(
    job: ImportJob, found: Iterable[Header] = (), *, trusted: bool = False, judged: bool = False
) -> SheetResource:
    """The resource a job feeds, in the name of who started it; `trusted` asks for no permission, to take things back.

    With `judged` it takes the values as they are, because they were accepted in the preview.

    :raises NoPermission: when they may not import (any more).
    """
    person = job.created_by
    places = {header.column: header.place for header in found if header.column}
    resource = resource_class(job.resource)(
        actor=person, places=places, sheet=job.sheet, trusted=trusted, judged=judged
    )
    if not trusted and not (person and person.is_active and resource.may_import()):
        raise NoPermission
    return resource


def saved_headers(job: ImportJob) -> list[Header]:
    return [Header(*each) for each in job.headers]


def given_rows(rows: Iterable[Row], found: Iterable[Header]) -> Iterator[Given]:
    """Name the cells of each row by their columns; rows with nothing in them are left out."""
    at = [(header.column, column_number(header.place)) for header in found if header.column]
    for number, cells in rows:
        size = len(cells)
        named = {name: cells[place] if place < size else None for name, place in at}
        if len(named) > [*named.values()].count(None):
            yield Given(number, named)


def find_header(rows: Iterator[Row], resource: SheetResource, *, number: int = 0) -> tuple[Row, Iterator[Row]]:
    """Return the row with the headers, of the given number where it is known already, and what comes after it.

    :raises UnreadableFile: when there is no row at all.
    """
    first = list(islice(rows, HEADER_WITHIN))
    if not first:
        raise UnreadableFile(REASONS["no_header"])
    columns = resource.header_columns()
    fitting = (
        at
        for at, row in enumerate(first)
        if row.number == number or (not number and headers.looks_like_header(headers.texts(row.cells), columns))
    )
    at = next(fitting, 0)
    return first[at], chain(first[at + 1 :], rows)


class _Checking:
    """One pass over a file."""

    def __init__(self, job: ImportJob, source: Reading) -> None:
        self._job, self._source = job, source
        self._counted = dict.fromkeys(KINDS, 0)
        self._ignored_secrets = 0
        self._has_example = False

    def run(self) -> dict[str, int]:
        job = self._job
        job.sheet = self._source.sheet[:100]
        resource = resource_of(job)
        header, rows = find_header(iter(self._source), resource, number=job.header_row)
        first = list(islice(rows, samples.ROWS))
        samples.keep(job, [row.cells for row in first])
        rows = chain(first, rows)
        found = self._match(header, resource)
        resource = resource_of(job, found)
        progress = Progress(job)
        number = read = 0
        pace = Pace(resource.chunk_rows)
        at = [(header.column, column_number(header.place)) for header in found if header.column]
        while some := list(islice(rows, pace.rows)):
            with pace.chunk():
                batch = self._without_example(Batch.of(some, at), resource, read)
                read += len(batch.numbers)
                if read > settings.IMPORT_MAX_ROWS:
                    raise UnreadableFile(REASONS["too_many_rows"], limit=settings.IMPORT_MAX_ROWS)
                if batch.numbers:
                    self._keep(number, batch, resource)
                    number += 1
            progress.advance(read)
        self._refuse_merged(header)
        if not read:
            raise UnreadableFile(REASONS["no_rows"])
        job.done = read
        job.notes = self._notes(resource)
        return self._counted

    def _without_example(self, batch: Batch, resource: SheetResource, read: int) -> Batch:
        if read or self._has_example or not batch.numbers or not example.is_it(batch.only([0]).rows()[0], resource):
            return batch
        self._has_example = True
        return batch.only(range(1, len(batch.numbers)))

    def _match(self, header: Row, resource: SheetResource) -> list[Header]:
        job = self._job
        texts = headers.texts(header.cells)
        asked = (texts, resource.header_columns(), job.mapping, memory.recall(job.created_by, job.resource))
        # also when it will not do: kept for the page on which the columns are matched by hand
        job.headers = [list(each) for each in headers.guess(*asked)]
        job.header_row = header.number
        kept = {"headers": job.headers, "header_row": job.header_row, "sheet": job.sheet}
        ImportJob.objects.filter(pk=job.pk).update(**kept)
        return headers.match(*asked)

    def _keep(self, number: int, batch: Batch, resource: SheetResource) -> None:
        certain, others = resource.sift(batch)
        counted = count(others)
        counted[NEW] += len(certain)
        self._ignored_secrets += sum(row.has_secrets and row.kind in (CHANGED, UNCHANGED) for row in others)
        for kind, n in counted.items():
            self._counted[kind] += n
            setattr(self._job, kind, self._counted[kind])
        rows = packing.pack(certain, others, resource.key.name)
        keys = key_lines([*((NEW, key) for key in certain.keys), *((row.kind, row.key) for row in others)])
        ImportChunk.objects.create(job=self._job, number=number, rows=rows, keys=keys, **counted)

    def _refuse_merged(self, header: Row) -> None:
        for area in self._source.merged:
            rows = [int(digits) for digits in re.findall(r"[0-9]+", area)]
            if rows and min(rows) <= header.number <= max(rows):
                raise UnreadableFile(REASONS["merged_header"], cells=area[:20])

    def _notes(self, resource: SheetResource) -> list[str]:
        notes = [gettext("The template's example row was left out.")] if self._has_example else []
        secret = [column for column in resource.columns if column.secret]
        n = self._ignored_secrets
        if not n or not secret:
            return notes
        text = ngettext(
            "{column}: ignored in {n} row that exists already; it is taken for new rows only.",
            "{column}: ignored in {n} rows that exist already; it is taken for new rows only.",
            n,
        )
        return [*notes, text.format(column=", ".join(str(column.label) for column in secret), n=n)]
