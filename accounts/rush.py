"""Everybody signs in at nine: so many at once as the machine can check, the rest in a line, and no line without end.

Checking a password takes a core for a while. Those who wait stand before the first query, so that they hold neither memory nor
a connection to the database that others need meanwhile. Who finds the line full is told so at once, and when to come again.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from accounts.errors import TooManyAtOnce
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)
CORES = os.cpu_count() or 1
PATIENCE_SECONDS = 20.0
RETRY_AFTER_SECONDS = 5


class Door:
    """A door with a line before it.

    :param at_once: how many are dealt with at the same time.
    :param waiting: how many may wait.
    """

    def __init__(self, *, at_once: int, waiting: int, patience: float = PATIENCE_SECONDS) -> None:
        self.most = at_once + waiting
        self.people = 0
        self._counting = threading.Lock()
        self._inside = threading.Semaphore(at_once)
        self._patience = patience

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait for one's turn, and hold it meanwhile.

        :raises TooManyAtOnce: when the line is full.
        :raises Unreachable: when it does not move.
        """
        self._line_up()
        try:
            if not self._inside.acquire(timeout=self._patience):
                log.error("sign_in.line_stands_still")
                raise Unreachable  # whoever is inside waits for something: most likely the database
            try:
                yield
            finally:
                self._inside.release()
        finally:
            with self._counting:
                self.people -= 1

    def _line_up(self) -> None:
        with self._counting:
            if self.people >= self.most:
                log.warning("sign_in.line_full", people=self.people)
                raise TooManyAtOnce(retry_after=RETRY_AFTER_SECONDS)
            self.people += 1


door = Door(at_once=CORES + 1, waiting=100 * CORES)
"""Of this process: one more than cores, so that none idles while somebody waits for the database."""
