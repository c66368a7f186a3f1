"""Rows that are their own queue.

Anything that must happen is a row: it is written in the transaction that decided it, and a worker claims it with one
conditional UPDATE that takes a lease. Celery is only the alarm clock: `wake` rings it on commit, `sweep` finds what a
crash or a lost message left behind. So work may be tried twice and must be safe to repeat.

    class Export(jobs.Job):
        CLAIMABLE = frozenset({"queued", "writing"})

    @jobs.worker(Export)                      # in tasks.py, which every worker imports at start
    def write(export: Export) -> None:
        export.move("writing")                # still ours: the new state is one to be worked on
        for number, row in enumerate(rows):
            export.advance(done=number)       # at least once in LEASE_SECONDS
        export.move("done", file=name)        # the lease is given back

    export = Export.objects.create(state="queued", created_by=user)
    jobs.wake(export)
"""

import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.core import context, messenger
from project.core.errors import GatehouseError, Unreachable

log = structlog.get_logger(__name__)
BACKOFF_SECONDS = (1, 5, 30, 120, 600)
WAKE_BY_TIMER_SECONDS = 30
"""Up to this back-off the broker's own timer wakes the row; beyond, the sweep does."""
ADVANCE_EVERY_SECONDS = 0.25
SWEEP_ROWS = 100
SWEEP_EXPIRES_SECONDS = 30
"""A sweep's message dies unread after this long: a backlog is not swept into the queue over and over."""


class Cancelled(Exception):
    """Somebody cancelled the job while it ran."""


class Later(Exception):
    """Nothing could be tried at present: the row is due again in `seconds`, and this did not count as an attempt.

    :param wake: False for one of thousands: the sweep finds it, and the broker does not keep a message for each.
    """

    def __init__(self, seconds: float, *, wake: bool = True) -> None:
        super().__init__(seconds)
        self.seconds, self.wake = seconds, wake


class LeaseLost(Exception):
    """The job is somebody else's now: this worker was silent for longer than its lease."""


class Job(models.Model):
    """A row that a worker should have while its state is in CLAIMABLE."""

    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({"queued"})
    """States in which a worker should have it; running states too, so that a lapsed lease is claimed again."""
    FINAL: ClassVar[frozenset[str]] = frozenset({"done", "failed", "cancelled"})
    MAX_ATTEMPTS: ClassVar[int] = 5
    LEASE_SECONDS: ClassVar[int] = 60
    SWEPT: ClassVar[bool] = True
    """The sweep wakes each that is due; not where a task of its own works on all that are."""

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=20, default="queued", db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_at = models.DateTimeField(_("next try"), default=timezone.now, editable=False, db_index=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, editable=False)
    worker = models.CharField(_("worker"), max_length=120, default="", blank=True, editable=False)
    error = models.TextField(_("error"), default="", blank=True)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("total"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False, db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    _held = False
    _advanced_at = 0.0

    class Meta:
        abstract = True

    @property
    def finished(self) -> bool:
        return self.state in self.FINAL

    def advance(self, done: int | None = None, total: int | None = None) -> None:
        """Report progress and keep the lease; writes at most four times a second.

        :raises Cancelled: when somebody cancelled the job.
        :raises LeaseLost: when it is no longer this worker's.
        """
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        if time.monotonic() - self._advanced_at < ADVANCE_EVERY_SECONDS:
            return
        self._advanced_at = time.monotonic()
        changes: dict[str, Any] = {"done": self.done, "total": self.total}
        if self._held:
            self.lease_until = timezone.now() + timedelta(seconds=self.LEASE_SECONDS)
            changes["lease_until"] = self.lease_until
        if not self._row().update(**changes):
            raise self._whose()

    def move(self, state: str, **fields: Any) -> bool:
        """Go to `state`, if the row is still in the state this object knows (and, in a worker, still the worker's).

        A worker keeps its lease when the new state is one to be worked on, else gives it back; so a worker goes through
        several states in one claim. Anybody else's move (a confirmation, a cancel) takes the lease away and gives the
        job its attempts back. Returns whether the row moved.
        """
        now = timezone.now()
        stays = self._held and state in self.CLAIMABLE
        changes: dict[str, Any] = {"state": state, "finished_at": now if state in self.FINAL else None}
        changes |= {"done": self.done, "total": self.total} if self._held else {"attempts": 0, "next_at": now}
        changes |= {} if stays else {"worker": "", "lease_until": None}
        changes |= fields
        moved = self._row().update(**changes) == 1
        if moved:
            self._held = stays
            for name, value in changes.items():
                setattr(self, name, value)
        return moved

    def give_up(self, error: str) -> bool:
        """End a row whose attempts are used up; return whether it was there to be ended."""
        return self.move("failed", error=error, attempts=self.attempts)

    def _row(self) -> "models.QuerySet[Self]":
        row = type(self)._base_manager.filter(pk=self.pk, state=self.state)
        return row.filter(worker=self.worker) if self._held else row

    def _whose(self) -> Exception:
        state = type(self)._base_manager.filter(pk=self.pk).values_list("state", flat=True).first()
        return Cancelled() if state == "cancelled" else LeaseLost()


J = TypeVar("J", bound=Job)
_workers: dict[str, tuple[type[Job], Callable[[Any], None]]] = {}


def worker(model: type[J]) -> Callable[[Callable[[J], None]], Callable[[J], None]]:
    """Register the decorated function as what is done with a claimed `model` row."""

    def register(work: Callable[[J], None]) -> Callable[[J], None]:
        _workers[model._meta.label] = (model, work)
        return work

    return register


def registered() -> list[type[Job]]:
    """Return every kind of job that has a worker."""
    _discover()
    return [model for model, _work in _workers.values()]


@cache
def _discover() -> None:
    """Import every app's tasks.py once: a process that serves pages has not done so by itself."""
    autodiscover_modules("tasks")


def wake(job: Job) -> None:
    """Tell a worker about `job` once the transaction is committed; returns without waiting for the broker.

    Harmless when nobody hears: the sweep follows.
    """
    label, pk = job._meta.label, str(job.pk)
    transaction.on_commit(lambda: messenger.later(_publish, label, pk))


def run(label: str, pk: str) -> bool:
    """Claim the row and work on it; return whether it was there to be claimed."""
    model, work = _workers.get(label) or (apps.get_model(label), None)
    if work is None or not issubclass(model, Job):
        log.error("job.no_worker", job=label, id=pk)
        return False
    job = claim(model, pk)
    if job is None:
        return False
    work_on(job, work)
    return True


def work_on(job: J, work: Callable[[J], None]) -> None:
    """Do `work` with a claimed row, as whoever asked for it; whatever goes wrong is the row's result."""
    inner = _context_of(job)
    with context.entered(inner), translation.override(inner.language):
        log.info("job.started", job=job._meta.label, id=str(job.pk), state=job.state, attempt=job.attempts)
        _work(job, work)


def claim(model: type[J], pk: Any) -> J | None:
    """Take the row's lease if it is due and nobody has it."""
    return next(iter(claim_many(model, [pk])), None)


def claim_many(model: type[J], pks: Sequence[Any]) -> list[J]:
    """Take the leases of those rows that are due and that nobody has: so many as can be worked on at once, for their leases
    begin now."""
    now = timezone.now()
    name = f"{place_of_this_process()}{uuid.uuid4().hex}"
    taken = (
        due(model, now)
        .filter(pk__in=pks, attempts__lt=model.MAX_ATTEMPTS)
        .update(
            worker=name,
            lease_until=now + timedelta(seconds=model.LEASE_SECONDS),
            attempts=F("attempts") + 1,
            started_at=Coalesce(F("started_at"), now),
        )
    )
    claimed = list(model._base_manager.filter(pk__in=pks, worker=name)) if taken else []
    for job in claimed:
        job._held = True
    return claimed


def move_many(held: Sequence[J], state: str, **fields: Any) -> list[J]:
    """Move several claimed rows that are in the same state, as `move` does, with one statement; return those that moved.

    :param fields: columns of all of them; expressions too, whose values the objects do not learn.
    """
    model, names = type(held[0]), {one.worker for one in held}
    stays = state in model.CLAIMABLE
    changes: dict[str, Any] = {"state": state, "finished_at": timezone.now() if state in model.FINAL else None}
    changes |= {} if stays else {"worker": "", "lease_until": None}
    rows = model._base_manager.filter(pk__in=[one.pk for one in held])
    count = rows.filter(state=held[0].state, worker__in=names).update(**changes | fields)
    moved = list(held)
    if count != len(held):
        there = set(rows.filter(state=state, worker__in=names if stays else [""]).values_list("pk", flat=True))
        moved = [one for one in held if one.pk in there]
    for one in moved:
        one._held = stays
        for name, value in (changes | fields).items():
            if not hasattr(value, "resolve_expression"):
                setattr(one, name, value)
    return moved


def place_of_this_process(*, host_only: bool = False) -> str:
    """How the name begins of every worker here: "host:process:", or "host:"."""
    host = f"{socket.gethostname()[:60]}:"
    return host if host_only else f"{host}{os.getpid()}:"


def place_of(worker: str) -> str:
    """The part of a worker's name that says in which process it is."""
    return worker[: worker.rfind(":") + 1]


def sweep() -> int:
    """Wake every due row nobody works on, end those that used up their attempts; return how many were woken."""
    woken = 0
    for model in registered():
        now = timezone.now()
        waiting = due(model, now)
        spent = waiting.filter(attempts__gte=model.MAX_ATTEMPTS)
        for job in spent[:SWEEP_ROWS]:
            error = job.error or gettext("Given up after {n} attempts.").format(n=job.attempts)
            if job.give_up(error):
                log.error("job.dead", job=model._meta.label, id=str(job.pk), attempts=job.attempts)
        if not model.SWEPT:
            continue
        fresh = waiting.filter(attempts__lt=model.MAX_ATTEMPTS).order_by("next_at")
        for pk in list(fresh.values_list("pk", flat=True)[:SWEEP_ROWS]):
            woken += _publish(model._meta.label, str(pk), expires=SWEEP_EXPIRES_SECONDS)
    return woken


def due(model: type[J], now: datetime | None = None) -> "models.QuerySet[J]":
    """Return the rows a worker should have now and nobody has."""
    now = now or timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return model._base_manager.filter(free, state__in=model.CLAIMABLE, next_at__lte=now)


def _publish(label: str, pk: str, **options: Any) -> bool:
    try:
        messenger.send("core.work", kwargs={"model": label, "id": pk}, **options)
    except Unreachable as problem:  # the row is safe and the sweep follows
        log.warning("job.not_published", job=label, id=pk, problem=type(problem.__cause__ or problem).__name__)
        return False
    return True


def _context_of(job: Job) -> context.Context:
    inner = context.detach()
    inner.module = "task"
    inner.request_id = inner.request_id or context.new_request_id()
    person = job.created_by
    if person is not None:
        inner.user = context.Identity(user_id=person.pk, username=person.get_username())
    inner.language_code = getattr(person, "language", "") or settings.LANGUAGE_CODE
    return inner


def _work(job: Job, work: Callable[[Any], None]) -> None:
    state = job.state
    try:
        work(job)
    except Cancelled:
        log.info("job.cancelled", job=job._meta.label, id=str(job.pk))
    except LeaseLost:
        log.warning("job.lease_lost", job=job._meta.label, id=str(job.pk))
    except Later as wait:
        _put_off(job, wait)
    except Exception as problem:  # noqa: BLE001 (whatever goes wrong is the job's result)
        _fail(job, problem)
    except BaseException:
        connection.close()  # it may have been in the middle of a query
        _give_back(job, in_seconds=0)
        raise
    else:
        if job._held and job.state == state:
            _fail(job, RuntimeError(f"the worker of {job._meta.label} left it in the state {state!r}"))
        elif job._held:
            _give_back(job, in_seconds=0)
            wake(job)


def _fail(job: Job, problem: Exception) -> None:
    known = isinstance(problem, GatehouseError)
    text = str(problem) if known else _generic()
    worth_it = problem.retry if isinstance(problem, GatehouseError) else True
    again = worth_it and job.attempts < job.MAX_ATTEMPTS
    about = {"job": job._meta.label, "id": str(job.pk), "attempt": job.attempts, "again": again}
    log.warning("job.failed", problem=text, **about) if known else log.error("job.failed", exc_info=problem, **about)
    if not job._held:
        return
    if not again:
        job.give_up(text) if worth_it else job.move("failed", error=text)
        return
    delay = BACKOFF_SECONDS[min(job.attempts, len(BACKOFF_SECONDS)) - 1]
    delay_with_jitter = delay * random.uniform(1.0, 1.25)  # noqa: S311 (spreads retries; guards nothing)
    _give_back(job, in_seconds=delay_with_jitter, error=text)
    if delay <= WAKE_BY_TIMER_SECONDS:
        _publish(job._meta.label, str(job.pk), countdown=delay_with_jitter + 0.1)


def _put_off(job: Job, wait: Later) -> None:
    if not job._held:
        return
    _give_back(job, in_seconds=wait.seconds, attempts=F("attempts") - 1)
    if wait.wake and wait.seconds <= WAKE_BY_TIMER_SECONDS:
        _publish(job._meta.label, str(job.pk), countdown=wait.seconds + 0.1)


def _generic() -> str:
    return gettext("Something went wrong on our side. Request id: {id}").format(id=context.get_request_id())


def _give_back(job: Job, *, in_seconds: float, **fields: Any) -> None:
    next_at = timezone.now() + timedelta(seconds=in_seconds)
    job._row().update(worker="", lease_until=None, next_at=next_at, done=job.done, total=job.total, **fields)
    job._held = False
