"""Tells the person whose job it is how far it got: on their sockets, at once and not too often."""

import time
from typing import Any

import structlog
from django.utils import timezone

from integrations.sheets.models import ImportJob, SheetJob
from realtime import gateway

log = structlog.get_logger(__name__)
EVERY_SECONDS = 0.25


class Progress:
    """One phase of a job: its rate, and what is pushed of it."""

    def __init__(self, job: SheetJob) -> None:
        self._job = job
        self._began, self._began_at = time.monotonic(), job.done
        self._told = 0.0

    def advance(self, done: int, total: int | None = None) -> None:
        """Report how far it is; keeps the job's lease.

        :raises Cancelled: when somebody cancelled the job.
        :raises LeaseLost: when the job is another worker's now.
        """
        self._job.advance(done, total)
        if time.monotonic() - self._told >= EVERY_SECONDS:
            self._told = time.monotonic()
            tell(self._job, rate=self._rate())

    @property
    def done(self) -> int:
        return self._job.done

    def _rate(self) -> float:
        spent = time.monotonic() - self._began
        return (self._job.done - self._began_at) / spent if spent > 0 else 0.0


def about(job: SheetJob, *, rate: float | None = None) -> dict[str, Any]:
    """What a page needs to draw the job; who is not told the rate, after a reload or on another node, gets the average."""
    rate = _average(job) if rate is None else rate
    left = round((job.total - job.done) / rate) if rate and job.total > job.done else None
    told: dict[str, Any] = {
        "id": str(job.pk),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "rate": round(rate),
        "seconds_left": left,
    }
    if isinstance(job, ImportJob):
        told["counts"] = job.counts
    return told


def _average(job: SheetJob) -> float:
    began = job.started_at
    if isinstance(job, ImportJob):
        if job.reversing or job.state == ImportJob.State.UNDOING:
            return 0.0  # when that began is not kept
        began = job.confirmed_at if job.state == ImportJob.State.IMPORTING else began
    if began is None or job.finished_at is not None:
        return 0.0
    return job.done / max(1.0, (timezone.now() - began).total_seconds())


def tell(job: SheetJob, *, rate: float | None = None) -> None:
    """Push a job's progress to whoever started it, or undoes it; a page that hears nothing asks by itself."""
    topic = "imports.progress" if isinstance(job, ImportJob) else "exports.progress"
    people = {job.created_by_id, job.undone_by_id if isinstance(job, ImportJob) else None}
    try:
        for person in filter(None, people):
            gateway.send_user(person, topic, about(job, rate=rate))
    except Exception as problem:  # noqa: BLE001 (a push is a courtesy: the work must not fail for it)
        log.debug("sheets.progress_not_pushed", job=str(job.pk), problem=type(problem).__name__)
