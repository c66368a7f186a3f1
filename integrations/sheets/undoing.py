"""Takes a finished import back: first looks at all of its rows, then undoes them a few at a time, the last ones first.

A row that was touched since is never overwritten, and one that is in use is never taken out. What is undone is recorded in
the same transaction, so the next worker goes on where one died.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.sheets.checking import saved_headers
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.outlook import Outlook, look_at, written
from integrations.sheets.progress import Progress, tell
from integrations.sheets.resources import SheetResource, resource_class
from project.core import audit, context
from project.core.errors import GatehouseError, NoPermission
from project.core.jobs import LeaseLost

SHOWN_LEFT = 200
AT_ONCE = 50
"""So many rows in one transaction: taking somebody out is slow, and others want to write too."""
Undo = ImportJob.Undo


class CameBetween(Exception):
    """Somebody touched a row after the look and before its turn; whoever wanted all or none is asked again."""


class Stopped(Exception):
    """Somebody cancelled the undo; what is undone so far stays undone."""


def undo(job: ImportJob) -> None:
    """Do what is asked in `job.undo`: look, and undo where that is wanted and nothing stands against it."""
    with _in_the_name_of(job) as person:
        try:
            _undo(job, person)
        except Stopped:
            job.undo.pop("seen", None)
            _give_back(job, person)
        except GatehouseError as problem:
            if problem.retry:
                raise
            _give_back(job, person, problem=str(problem))


def _undo(job: ImportJob, person: Any) -> None:
    resource = _resource(job, person)
    seen = _look(job, resource)
    wanted = job.undo["mode"]
    if wanted == Undo.CHECK or (wanted == Undo.ALL and seen["left"]):
        _give_back(job, person)
        return
    try:
        _take_back(job, resource)
    except CameBetween:
        _look(job, resource)
        _give_back(job, person)
    else:
        _end(job, person)


@contextmanager
def _in_the_name_of(job: ImportJob) -> Iterator[Any]:
    """The trail names who undoes, who need not be who imported."""
    person = get_user_model()._default_manager.filter(pk=job.undone_by_id or 0).first()
    inner = context.detach()
    if person is not None:
        inner.user = context.Identity(user_id=person.pk, username=person.get_username())
    with context.entered(inner):
        yield person


def _resource(job: ImportJob, person: Any) -> SheetResource:
    places = {header.column: header.place for header in saved_headers(job) if header.column}
    resource = resource_class(job.resource)(actor=person, places=places, sheet=job.sheet, judged=True)
    if person is None or not person.is_active or not resource.may_import():
        raise NoPermission
    return resource


def _look(job: ImportJob, resource: SheetResource) -> dict[str, Any]:
    """Compare everything that is not undone yet with what is there now, and write down what undoing would do."""
    seen: dict[str, Any] = {"removes": 0, "restores": 0, "settled": 0, "left": 0, "first": []}
    job.done, job.total = 0, job.stands
    progress = Progress(job)
    going: set[Any] = set()
    for chunk in _chunks(job):
        outlook = look_at(written(chunk), resource, going=going)
        going.update(outlook.removes)
        seen["removes"] += len(outlook.removes)
        seen["restores"] += len(outlook.restores)
        seen["settled"] += outlook.settled
        seen["left"] += len(outlook.left)
        seen["first"] = (outlook.left + seen["first"])[:SHOWN_LEFT]
        progress.advance(job.done + outlook.rows, job.total)
        _ensure_wanted(job)
    seen["at"] = timezone.now().isoformat()
    job.undo = {**job.undo, "seen": seen}
    _hold(job, undo=job.undo)
    return seen


def _chunks(job: ImportJob) -> Iterator[ImportChunk]:
    """What is not undone yet, from the last chunk on, one at a time: some databases would send all of them at once."""
    for pk in list(job.chunks.filter(applied=True).order_by("-number").values_list("pk", flat=True)):
        yield ImportChunk.objects.get(pk=pk)


def _take_back(job: ImportJob, resource: SheetResource) -> None:
    job.done, job.total = 0, job.stands
    progress = Progress(job)
    for chunk in _chunks(job):
        while chunk.applied:
            _ensure_wanted(job)
            outlook = _undo_some(job, chunk, resource)
            progress.advance(job.done + outlook.rows, job.total)


def _undo_some(job: ImportJob, chunk: ImportChunk, resource: SheetResource) -> Outlook:
    """Undo the last rows of a chunk that are not undone yet and record it, in one transaction.

    :raises CameBetween: when all rows were wanted and one of these was touched meanwhile.
    """
    rows = written(chunk)
    some = rows[-AT_ONCE:]
    with transaction.atomic():
        outlook = look_at(some, resource, lock=True)
        if outlook.left and job.undo["mode"] == Undo.ALL:
            raise CameBetween
        resource.write(outlook.restores, {})
        resource.unwrite(outlook.removes)
        chunk.undone, chunk.applied = chunk.undone + len(some), len(some) < len(rows)
        chunk.save(update_fields=["undone", "applied"])
        before = job.undo.get("left", [])
        job.undo = {
            **job.undo,
            "left": [*before, *outlook.left[: SHOWN_LEFT - len(before)]],
            "settled": job.undo.get("settled", 0) + outlook.settled,
        }
        _hold(
            job,
            undo=job.undo,
            removed_rows=F("removed_rows") + len(outlook.removes),
            restored_rows=F("restored_rows") + len(outlook.restores),
            left_rows=F("left_rows") + len(outlook.left),
        )
    return outlook


def _hold(job: ImportJob, **changes: Any) -> None:
    """Write to the job, which only whoever holds it may.

    :raises LeaseLost: and the transaction with it.
    """
    mine = ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.UNDOING, worker=job.worker)
    # progress is proof that the work is no poison: it has all its attempts again
    if not mine.update(attempts=1, **changes):
        raise LeaseLost


def _ensure_wanted(job: ImportJob) -> None:
    if ImportJob.objects.filter(pk=job.pk).exclude(reversing="").exists():
        raise Stopped


def _give_back(job: ImportJob, person: Any, *, problem: str = "") -> None:
    """Leave the import as it is: looked at, or undone in part."""
    kept = {**job.undo, "problem": problem}
    before = job.undo["from"]
    if job.move(before, undo=kept, reversing="", finished_at=job.finished_at, done=job.rows, total=job.rows):
        job.refresh_from_db()
        event = "import.undo_checked" if job.undo["mode"] == Undo.CHECK else "import.undo_stopped"
        seen = job.undo.get("seen", {})
        audit.record(event, job, actor=person, reason=problem, rows=_figures(job), in_the_way=seen.get("left", 0))
        tell(job)


def _end(job: ImportJob, person: Any) -> None:
    if job.move(ImportJob.State.UNDONE, reversing="", error="", error_code="", done=job.rows, total=job.rows):
        job.refresh_from_db()
        audit.record("import.undone", job, actor=person, resource=job.resource, rows=_figures(job))
        tell(job)


def _figures(job: ImportJob) -> dict[str, int]:
    return {"removed": job.removed_rows, "restored": job.restored_rows, "left": job.left_rows}
