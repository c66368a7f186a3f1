"""A server that is away: said once, then tried again after pauses that grow and differ from node to node."""

import logging
from random import uniform

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)


class Outage:
    """How long something has been away, in the log once."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log, self._what = log, what
        self._failures = 0

    def met(self, problem: Exception, *, known: bool) -> float:
        """Take note of a failure; return how many seconds to leave it alone. What nobody foresaw shows where it came from."""
        if not self._failures:
            about = (self._what, type(problem).__name__, problem)
            self._log.warning("%s cannot be read (%s: %s); trying again.", *about, exc_info=None if known else problem)
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        return pause * uniform(0.5, 1.5)  # noqa: S311 (no secret)

    def over(self) -> None:
        """Take note that it answers."""
        if self._failures:
            self._failures = 0
            self._log.info("%s is read again.", self._what)
