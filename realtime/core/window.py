"""The window: fan-outs that follow closely wait for its end, and then cost one write per connection, not one each.

Of several to the same audience only the first goes to each connection's outbox; the others are added to the run that all of
them share, so that they cost the same however many there are.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

from realtime.core.connection import Connection
from realtime.core.frames import Message
from realtime.core.outbox import EAGER_BYTES, FULL
from realtime.core.run import Run

SECONDS = 0.004
"""A fan-out this soon after another waits."""


class Window:
    """What waits, and when it goes out. Used by the hub, on its event loop."""

    def __init__(self, clock: Callable[[], float], evict: Callable[[Connection], None]) -> None:
        self._clock, self._evict = clock, evict
        self._runs: list[tuple[Sequence[Connection], Run]] = []
        self._bytes = 0
        self._audience = ""
        """Who gets the last run, by name; empty once somebody came or went."""
        self._timer: asyncio.TimerHandle | None = None
        self._written_at = 0.0

    @property
    def is_on(self) -> bool:
        """Whether a fan-out has to wait."""
        return self._timer is not None or self._clock() - self._written_at < SECONDS

    def written(self) -> None:
        """A fan-out went out at once: those that follow closely wait."""
        self._written_at = self._clock()

    def changed(self) -> None:
        """Somebody came or went: no audience is what it was."""
        self._audience = ""

    def add(self, connections: Collection[Connection], message: Message, audience: str = "") -> int:
        """Let `message` wait; return how many get it.

        :param audience: a name by which the same connections are meant again, as long as nobody comes or goes.
        """
        run = self._runs[-1][1] if self._runs and audience and audience == self._audience else None
        if run is not None and run.open:
            run.add(message)
        else:
            run = self._new_run(connections, message)
            self._audience = audience
        self._bytes += len(message.wire)
        if self._bytes >= EAGER_BYTES:
            self.end()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self.end)
        return run.takers

    def _new_run(self, connections: Collection[Connection], message: Message) -> Run:
        run = Run(message)
        members = [one for one in connections if one.outbox.wait(run)]
        for connection in members:
            connection.sent += 1
        run.takers = len(members)
        self._runs.append((members, run))
        return run

    def end(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        runs, self._runs, self._bytes, self._audience = self._runs, [], 0, ""
        for members, run in runs:
            more = len(run.messages) - 1
            for connection in members:
                connection.sent += more
                if connection.outbox.flush() is FULL:
                    self._evict(connection)
        self._written_at = self._clock()
