"""From a confirmed preview to rows in the database: chunk by chunk, each in one transaction with its own record.

A worker that dies leaves whole chunks; the next one goes on with the first that is not applied. Where rows must come
in all or none, something that came between makes the worker take back what it wrote, chunk by chunk in the same way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from integrations.sheets import packing, storage
from integrations.sheets.batches import Batch, Certain
from integrations.sheets.checking import find_header, given_rows, limits, resource_of, saved_headers
from integrations.sheets.errors import SheetError
from integrations.sheets.headers import Header
from integrations.sheets.inviting import invite
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.outlook import former
from integrations.sheets.pace import collecting_later
from integrations.sheets.progress import Progress, tell
from integrations.sheets.reader.process import from_plain, reading
from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import BAD, CHANGED, KINDS, NEW, UNCHANGED, Checked, Given, key_lines
from project.core import audit
from project.core.errors import NoPermission
from project.core.jobs import LeaseLost

CANCELLED = "cancelled"
"""What `ImportJob.reversing` holds when somebody cancelled while rows were being written."""


class CameBetween(Exception):
    """A row no longer means what the preview said."""


def write(job: ImportJob) -> None:
    """Write a confirmed import, or take it back where that was begun."""
    if not (job.reversing or job.inviting):
        try:
            _write_chunks(job)
        except (CameBetween, SheetError, NoPermission) as reason:
            _begin_reversal(job, str(reason))
    if job.reversing or not invite(job) or not _finish(job):
        _reverse(job)


def _write_chunks(job: ImportJob) -> None:
    found = saved_headers(job)
    resource = resource_of(job, found, judged=True)
    progress = Progress(job)
    job.total = job.rows
    written = job.chunks.filter(applied=True).aggregate(n=Sum(F("new") + F("changed") + F("unchanged") + F("bad")))
    done = job.done = written["n"] or 0
    waiting = job.chunks.filter(applied=False).order_by("number").values_list("pk", flat=True)
    secrets = _Secrets(job, resource, found)
    for pk in list(waiting):
        chunk = ImportChunk.objects.get(pk=pk)
        hashed = secrets.of(chunk, progress)
        for hopeful, last in ((True, False), (False, False), (False, True)):
            try:
                write_chunk(job, chunk, resource, hashed, hopeful=hopeful)
                break
            except IntegrityError as taken:
                # somebody wrote since, or at the same moment: a closer look sees their row
                if last:
                    raise CameBetween(_("Somebody else is writing the same rows.")) from taken
                chunk.refresh_from_db()
        done += chunk.size
        progress.advance(done, job.total)
        if _was_cancelled(job):
            _begin_reversal(job, CANCELLED)
            return


def write_chunk(
    job: ImportJob,
    chunk: ImportChunk,
    resource: SheetResource,
    secrets: Mapping[int, Mapping[str, Any]],
    *,
    hopeful: bool = False,
) -> None:
    """Write one chunk and record it, in one transaction. Who is `hopeful` leaves it to the database to refuse what is taken.

    :raises CameBetween: in mode `all`, when a row means something else by now.
    """
    with collecting_later(), transaction.atomic():
        resource.forget_seen()
        certain = _certain_still(chunk, resource, hopeful=hopeful)
        packed = chunk.rows if certain else chunk.every_row
        singles = zip(packing.places_of(packed, singly=True), packing.singles(packed), strict=True)
        kept = [(at, row) for at, row in singles if row["kind"] in (NEW, CHANGED)]
        fresh = resource.examine([_given(row) for _at, row in kept])
        compared = list(zip(kept, fresh, strict=True))
        good = [(at, now) for (at, row), now in compared if not _differs(now, row) and now.kind in (NEW, CHANGED)]
        spoilt, fulfilled = _settle(job, [(row, now) for (_at, row), now in compared])
        new = [at for at, row in good if row.kind == NEW]
        made = dict(zip(new, resource.write([row for _at, row in good], secrets), strict=True))
        made |= zip(certain.places, resource.write_certain(certain) if certain else (), strict=True)
        record = _recounted(packed) if spoilt or fulfilled else {}
        keys = [made[at] for at in sorted(made)]
        ImportChunk.objects.filter(pk=chunk.pk).update(applied=True, made=keys, **record)
        _hold(job, created_rows=len(made), updated_rows=len(good) - len(new), skipped_rows=spoilt)


def _certain_still(chunk: ImportChunk, resource: SheetResource, *, hopeful: bool) -> Certain:
    """The rows that are kept by column, where all of them mean what they meant; else they are looked at one by one."""
    batch = Batch.kept(chunk.rows)
    if batch is None or isinstance(chunk.rows, list):
        return Certain()
    certain, others = resource.sift(batch, hopeful=hopeful)
    if others or packing.shown_of(chunk.rows) != {name: [*seen] for name, seen in certain.shown.items()}:
        resource.forget_seen()
        return Certain()
    certain.places = packing.places_of(chunk.rows, singly=False)
    return certain


def _settle(job: ImportJob, rows: list[tuple[dict[str, Any], Checked]]) -> tuple[int, int]:
    """Write down of rows (as kept, and now) that are not what they were; return how many are spoilt, and how many fulfilled.

    :raises CameBetween: in mode `all`, when one is spoilt.
    """
    spoilt = [(now, row) for row, now in rows if _differs(now, row)]
    if spoilt and job.mode == ImportJob.Mode.ALL:
        raise CameBetween(_explain(*spoilt[0]))
    for now, row in spoilt:
        _mark_spoilt(now, row)
    fulfilled = [row for row, now in rows if now.kind == UNCHANGED]
    for row in fulfilled:
        row["kind"] = UNCHANGED  # somebody did the same already: not ours to take back
    return len(spoilt), len(fulfilled)


def _recounted(packed: packing.Packed) -> dict[str, Any]:
    """What a chunk's row says of it once some of its rows are something else than in the preview."""
    rows = packing.every_row(packed)
    counted = Counter(row["kind"] for row in rows)
    keys = key_lines((row["kind"], row["key"]) for row in rows)
    return {"rows": packed, "keys": keys} | {kind: counted[kind] for kind in KINDS}


def _hold(job: ImportJob, **added: int) -> None:
    """Count what a chunk did. Only whoever holds the job may: a worker that slept too long writes nothing.

    :raises LeaseLost: and the transaction with it.
    """
    counted = {name: F(name) + n for name, n in added.items()}
    # progress is proof that the work is no poison: it has all its attempts again
    mine = ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.IMPORTING, worker=job.worker)
    if not mine.update(attempts=1, **counted):
        raise LeaseLost
    for name, n in added.items():
        setattr(job, name, getattr(job, name) + n)


def _was_cancelled(job: ImportJob) -> bool:
    return ImportJob.objects.filter(pk=job.pk).exclude(reversing="").exists()


def _begin_reversal(job: ImportJob, reason: str) -> None:
    ImportJob.objects.filter(pk=job.pk, worker=job.worker).update(reversing=reason)
    job.reversing = reason


def _reverse(job: ImportJob) -> None:
    """Take back what was written, last chunk first."""
    resource = resource_of(job, saved_headers(job), trusted=True)
    resource.judged = True
    job.done, job.total = 0, job.written
    progress = Progress(job)
    for chunk in job.chunks.filter(applied=True).order_by("-number"):
        with transaction.atomic():
            changed = [row for row in chunk.singles if row["kind"] == CHANGED]
            resource.forget_seen()
            restored = resource.examine([former(row, resource) for row in changed])
            resource.write([row for row in restored if row.kind == CHANGED], {})
            resource.unwrite(chunk.made)
            ImportChunk.objects.filter(pk=chunk.pk).update(applied=False, made=[])
            _hold(job, created_rows=-len(chunk.made), updated_rows=-sum(row.kind == CHANGED for row in restored))
        progress.advance(max(0, job.total - job.written))
    cancelled = job.reversing == CANCELLED
    error = "" if cancelled else _("Nothing was imported. {reason}").format(reason=job.reversing)
    state = ImportJob.State.CANCELLED if cancelled else ImportJob.State.FAILED
    if job.move(state, error=error, error_code="" if cancelled else "30001", done=0, total=job.rows, skipped_rows=0):
        storage.discard(job)
        audit.record("import.taken_back", job, actor=job.created_by, reason=str(job.reversing))
        tell(job)


def _finish(job: ImportJob) -> bool:
    """End the job as done; return False when somebody cancelled it just before."""
    with transaction.atomic():
        reason = ImportJob.objects.select_for_update().values_list("reversing", flat=True).get(pk=job.pk)
        moved = not reason and job.move(ImportJob.State.DONE, done=job.rows, total=job.rows, error="")
    job.reversing = reason
    if moved:
        storage.discard(job)
        result = {"created": job.created_rows, "updated": job.updated_rows, "skipped": job.bad + job.skipped_rows}
        audit.record("import.done", job, actor=job.created_by, resource=job.resource, rows=result)
        tell(job)
    return not reason


def _given(row: Mapping[str, Any]) -> Given:
    values = row["values"]
    if any(value.__class__ is dict for value in values.values()):
        values = {name: from_plain(value) for name, value in values.items()}
    return Given(row["number"], values)


def _differs(fresh: Checked, kept: Mapping[str, Any]) -> bool:
    """A row that is fulfilled already differs from nothing; one that would do something else does."""
    if kept["kind"] == CHANGED and fresh.kind not in (BAD, NEW, CHANGED):
        return False
    return bool(fresh.kind != kept["kind"] or fresh.changes != kept["changes"])


def _explain(fresh: Checked, kept: Mapping[str, Any]) -> str:
    if fresh.errors:
        return _("Row {n}: {reason}").format(n=fresh.number, reason=fresh.errors[0]["reason"])
    return _("Row {n} ({key}) was changed by somebody else since the preview.").format(n=fresh.number, key=kept["key"])


def _mark_spoilt(fresh: Checked, kept: dict[str, Any]) -> None:
    kept["kind"] = BAD
    reason = _("was changed by somebody else since the preview")
    kept["errors"] = fresh.errors or [
        {"sheet": "", "row": str(fresh.number), "cell": "", "column": "", "value": "", "reason": reason}
    ]


class _Secrets:
    """Passwords of new rows: read again from the upload in step with the chunks, hashed before the transaction."""

    def __init__(self, job: ImportJob, resource: SheetResource, found: list[Header]) -> None:
        self._resource = resource
        self._names = [column.name for column in resource.columns if column.secret]
        self._rows = self._read(job, found) if any(header.column in self._names for header in found) else None

    def of(self, chunk: ImportChunk, progress: Progress) -> dict[int, dict[str, Any]]:
        """The secrets of a chunk's new rows, by row number, ready to be stored."""
        wanted = {row["number"] for row in chunk.singles if row["kind"] == NEW}
        if self._rows is None or not wanted:
            return {}
        last = max(wanted)
        plain: dict[int, dict[str, Any]] = {}
        for given in self._rows:
            if given.number in wanted:
                read = {name: self._resource.column(name).read(given.cells.get(name)) for name in self._names}
                plain[given.number] = {name: value for name, value in read.items() if value}
            if given.number >= last:
                break
        # hashing is most of the time that writing takes, so this is where the bar moves
        sealed = count(progress.done + 1)
        return self._resource.seal(plain, lambda: progress.advance(next(sealed)))

    def _read(self, job: ImportJob, found: list[Header]) -> Iterator[Given]:
        with storage.opened(job) as file, reading(file, job.kind, limits()) as source:
            _header, rows = find_header(iter(source), self._resource, number=job.header_row)
            yield from given_rows(rows, found)
