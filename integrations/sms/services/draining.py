"""Many messages are sent by several threads of one task: a message each would only wait for the network."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connections, transaction

from integrations.sms.models import Message
from project.core import jobs, messenger
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)
SECONDS = 60.0
"""How long one task goes on; then it asks for another, so that a worker can be stopped and others have their turn."""
BATCH = 200
TASK = "sms.drain"
_in_this_process = threading.Lock()


def drain() -> int:
    """Send what waits, until nothing is due or SECONDS are over; return how many messages were worked on."""
    if not _in_this_process.acquire(blocking=False):
        return 0
    try:
        return _drain()
    finally:
        _in_this_process.release()


def wake_many() -> None:
    """Have a worker send what waits, once the caller's transaction is through."""
    transaction.on_commit(lambda: messenger.later(_publish))


class _Waiting:
    """The messages that are due, one after the other, for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = time.monotonic() + SECONDS
        self._batch = self._due()
        self.cut = False

    def __len__(self) -> int:
        return len(self._batch)

    def next(self) -> object | None:
        """Return one to be tried; None when none is left, or the time is over."""
        with self._lock:
            if not self._batch:
                self.cut = time.monotonic() > self._until
                self._batch = [] if self.cut else self._due()
            return self._batch.pop() if self._batch else None

    def _due(self) -> list[object]:
        found: list[object] = list(jobs.due(Message).order_by("next_at").values_list("pk", flat=True)[:BATCH])
        random.shuffle(found)  # other workers drain too
        return found


def _drain() -> int:
    waiting = _Waiting()
    number = min(settings.SMS_AT_ONCE, len(waiting))
    if not number:
        return 0
    with ThreadPoolExecutor(number, thread_name_prefix="sms") as threads:
        done = sum(threads.map(_work, [waiting] * number))
    if waiting.cut:
        _publish()
    return done


def _work(waiting: _Waiting) -> int:
    done = 0
    try:
        while (pk := waiting.next()) is not None:
            done += jobs.run(Message._meta.label, str(pk))
    finally:
        connections.close_all()
    return done


def _publish() -> None:
    try:
        messenger.send(TASK)
    except Unreachable:  # the rows are safe, and the next one is sent by the scheduler
        log.warning("sms.not_woken")
