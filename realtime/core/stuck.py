"""Readers that take nothing any more, while something waits for them."""

from collections.abc import Iterable

from realtime.core.connection import Connection


class StuckReaders:
    """Looks at connections again and again, and remembers of those that are behind how long they have taken nothing.

    A reader that is slow but reads is none: it may be behind for as long as it stays below its limit.
    """

    def __init__(self) -> None:
        self._behind: dict[str, tuple[int, float]] = {}

    def among(self, connections: Iterable[Connection], now: float) -> list[Connection]:
        """Return those of `connections`, which are all there are, that took nothing for as long as their limits say."""
        before, self._behind = self._behind, {}
        found = []
        for connection in connections:
            if not connection.outbox.unsent():
                continue
            taken = connection.outbox.taken()
            known, since = before.get(connection.id, (taken, now))
            self._behind[connection.id] = (taken, since if known == taken else now)
            if known == taken and now - since >= connection.limits.stuck_seconds:
                found.append(connection)
        return found
