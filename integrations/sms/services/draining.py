"""Many messages are sent by one task: its own thread speaks to the database, for many messages at a time; others call providers.

A call costs whoever makes it little but waiting. So the threads that call do nothing else, and find messages whose tries are
written down already; what came of them is written down for several together, at most GATHERED_SECONDS later.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.utils import timezone

from integrations.sms.directory import Directory
from integrations.sms.models import Message
from integrations.sms.services import batches
from integrations.sms.services.sending import Begun, call, deliver, go_on
from project.core import jobs, messenger
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)
SECONDS = 20.0
"""How long one task goes on; then it asks for another, so that a worker can be stopped and others have their turn."""
WINDOWS = 8
"""So many times as many messages as it claims a worker looks at."""
GATHERED_SECONDS = 0.02
WRITTEN_AGAIN_AFTER = (0.2, 1.0, 3.0)
"""What providers took is not forgotten because the database is away for a moment."""
AWAY = (OperationalError, InterfaceError)
TASK = "sms.drain"
_in_this_process = threading.Lock()


def drain() -> int:
    """Send what waits, until nothing is due or SECONDS are over; return how many messages were worked on."""
    if not _in_this_process.acquire(blocking=False):
        return 0
    try:
        return 0 if _enough_here() else _Round(settings.SMS_AT_ONCE).run()
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


class _Line:
    """Messages whose time it is, claimed a few at a time."""

    def __init__(self, at_once: int) -> None:
        self._at_once, self._until = at_once, time.monotonic() + SECONDS
        self._seen: list[Any] = []
        self._directory: Directory | None = None
        self.cut = False

    def claim(self) -> tuple[list[Message], Directory]:
        """Return as many as are called for at once, with what sending them asks for; none when none is left, or the time is over."""
        directory = self._directory = Directory(self._directory)
        self.cut = time.monotonic() > self._until
        if self.cut or not directory.is_there_anybody():
            return [], directory  # a task looks again in ten seconds; until then all of them would only be put off
        while self._seen or self._look():
            wanted, self._seen = self._seen[: self._at_once], self._seen[self._at_once :]
            if claimed := jobs.claim_many(Message, wanted):
                return claimed, directory
        return [], directory

    def _look(self) -> bool:
        due = jobs.due(Message).filter(attempts__lt=Message.MAX_ATTEMPTS).order_by("next_at")
        self._seen = list(due.values_list("pk", flat=True)[: WINDOWS * self._at_once])
        random.shuffle(self._seen)  # other workers drain too: not all shall reach for the same
        return bool(self._seen)


class _Round:
    """One task's work: this thread claims and writes, `at_once` others call."""

    def __init__(self, at_once: int) -> None:
        self._at_once, self._line = at_once, _Line(at_once)
        self._todo: SimpleQueue[tuple[Message | Begun, Directory] | None] = SimpleQueue()
        self._ended: SimpleQueue[batches.Sent | Exception | None] = SimpleQueue()
        self._under_way = self._done = 0
        self._trouble: Exception | None = None

    def run(self) -> int:
        """Send until nothing is due; return how many were worked on."""
        if not self._fill():
            return 0
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="sms") as threads:
            try:
                for _thread in range(self._at_once):
                    threads.submit(self._serve)
                while self._under_way:
                    self._write(self._gathered())
                    self._go_on()
            finally:
                for _thread in range(self._at_once):
                    self._todo.put(None)
        if self._trouble is not None:
            raise self._trouble
        if self._line.cut:
            _publish()
        return self._done

    def _fill(self) -> bool:
        """See to it that nobody who calls waits for us; return whether there was anything."""
        found = False
        while self._trouble is None and self._todo.qsize() <= self._at_once // 2:
            claimed, directory = self._line.claim()
            if not claimed:
                break
            begun, others = batches.begin(claimed, directory)
            for one in begun:
                self._todo.put((one, directory))
            for message in others:
                self._todo.put((message, directory))
            self._under_way += len(begun) + len(others)
            found = True
        return found

    def _go_on(self) -> None:
        try:
            self._fill()
        except AWAY as problem:  # what is under way ends, and is written down where that can be done again
            self._trouble = problem
            connection.close()

    def _gathered(self) -> list[batches.Sent]:
        """Wait for what ends, a moment longer for more of it while nobody waits for us."""
        ended = [self._ended.get()]
        until = time.monotonic() + GATHERED_SECONDS
        while self._todo.qsize() > self._at_once // 2 and self._ended.qsize() < self._at_once:
            if time.monotonic() > until:
                break
            time.sleep(GATHERED_SECONDS / 4)
        while True:
            try:
                ended.append(self._ended.get_nowait())
            except Empty:
                break
        self._under_way -= len(ended)
        self._done += len(ended)
        self._trouble = next((one for one in ended if isinstance(one, Exception)), self._trouble)
        return [one for one in ended if isinstance(one, tuple)]

    def _write(self, sent: list[batches.Sent]) -> None:
        for seconds in WRITTEN_AGAIN_AFTER if sent else ():
            try:
                batches.end(sent)
            except AWAY as problem:
                log.warning("sms.not_written", number=len(sent), kind=type(problem).__name__)
                connection.close()
                time.sleep(seconds)
            else:
                return
        if sent:
            batches.end(sent)

    def _serve(self) -> None:
        try:
            while (one := self._todo.get()) is not None:
                try:
                    self._ended.put(_sent(*one))
                except Exception as problem:  # noqa: BLE001 (who waits for us must know, and raises it)
                    self._ended.put(problem)
        finally:
            connections.close_all()


def _sent(one: Message | Begun, directory: Directory) -> batches.Sent | None:
    """Call for it; None where all was written down here, which whatever is not plain is."""
    if isinstance(one, Message):
        jobs.work_on(one, partial(deliver, directory=directory))
        return None
    try:
        return one, call(one)
    except Exception as problem:  # noqa: BLE001 (whatever a vendor's SDK did)
        jobs.work_on(one.message, _what_follows(one, problem, directory))
        return None


def _what_follows(begun: Begun, problem: Exception, directory: Directory) -> Any:
    return lambda _message: go_on(begun, problem, directory)


def _publish() -> None:
    try:
        messenger.send(TASK)
    except Unreachable:  # the rows are safe, and the next one is sent by the scheduler
        log.warning("sms.not_woken")
