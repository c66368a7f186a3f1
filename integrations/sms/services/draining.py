"""Many messages are sent by several threads of one task: a message each would only wait for the network."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from integrations.sms.directory import Directory
from integrations.sms.models import Message
from integrations.sms.services.sending import deliver
from project.core import jobs, messenger
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)
SECONDS = 20.0
"""How long one task goes on; then it asks for another, so that a worker can be stopped and others have their turn."""
WINDOWS = 4
"""So many times as many messages as it claims a worker looks at."""
TASK = "sms.drain"
_in_this_process = threading.Lock()


def drain() -> int:
    """Send what waits, until nothing is due or SECONDS are over; return how many messages were worked on."""
    if not _in_this_process.acquire(blocking=False):
        return 0
    try:
        return 0 if _enough_here() else _drain()
    finally:
        _in_this_process.release()


def _enough_here() -> bool:
    """Do as many processes of this machine send as may, so that the others are there for other work?"""
    leased = Message.objects.filter(state__in=Message.CLAIMABLE, lease_until__gt=timezone.now())
    names = leased.filter(worker__startswith=jobs.place_of_this_process(host_only=True))
    held = Counter(jobs.place_of(name) for name in names.order_by().values_list("worker", flat=True))
    # who has one only was woken for it alone
    busy = {place for place, number in held.items() if number > 1} - {jobs.place_of_this_process()}
    return len(busy) >= max(1, settings.WORKER_CONCURRENCY // 2)


def wake_many() -> None:
    """Have a worker send what waits, once the caller's transaction is through."""
    transaction.on_commit(lambda: messenger.later(_publish))


class _Waiting:
    """Claimed messages, one after the other, for several threads; claimed as many at a time as there are threads."""

    def __init__(self, threads: int) -> None:
        self._lock = threading.Lock()
        self._threads, self._until = threads, time.monotonic() + SECONDS
        self._claimed: list[Message] = []
        self.directory = Directory()
        self.cut = False

    def next(self) -> Message | None:
        """Return one to be sent; None when none is left, or the time is over."""
        with self._lock:
            if not self._claimed:
                self.cut = time.monotonic() > self._until
                self._claimed = [] if self.cut else self._claim()
            return self._claimed.pop() if self._claimed else None

    def _claim(self) -> list[Message]:
        self.directory = Directory()
        if not self.directory.is_there_anybody():
            return []  # a task looks again in ten seconds; until then all of them would only be put off
        due = jobs.due(Message).filter(attempts__lt=Message.MAX_ATTEMPTS).order_by("next_at")
        # other workers drain too: not all shall reach for the same
        first = list(due.values_list("pk", flat=True)[: WINDOWS * self._threads])
        while first:
            random.shuffle(first)
            wanted, first = first[: self._threads], first[self._threads :]
            if claimed := jobs.claim_many(Message, wanted):
                return claimed
        return []


def _drain() -> int:
    waiting = _Waiting(settings.SMS_AT_ONCE)
    first = waiting.next()
    if first is None:
        return 0
    with ThreadPoolExecutor(settings.SMS_AT_ONCE, thread_name_prefix="sms") as threads:
        others = [threads.submit(_work, waiting) for _thread in range(settings.SMS_AT_ONCE - 1)]
        done = threads.submit(_work, waiting, first).result() + sum(one.result() for one in others)
    if waiting.cut:
        _publish()
    return done


def _work(waiting: _Waiting, first: Message | None = None) -> int:
    done, message = 0, first or waiting.next()
    try:
        while message is not None:
            jobs.work_on(message, partial(deliver, directory=waiting.directory))
            done += 1
            message = waiting.next()
    finally:
        connections.close_all()
    return done


def _publish() -> None:
    try:
        messenger.send(TASK)
    except Unreachable:  # the rows are safe, and the next one is sent by the scheduler
        log.warning("sms.not_woken")
