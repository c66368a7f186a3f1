"""The hub: all connections of this process, and the fan-out to them.

Used from one event loop only; whoever stands in another thread goes through realtime/gateway.py.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import uniform
from typing import Any, TypedDict

from realtime.core.codes import GONE, REASONS, CloseCode, fit_reason
from realtime.core.connection import EVERYONE, Connection, Ending, Identity
from realtime.core.frames import KICK, Default, Message
from realtime.core.outbox import FULL, QUEUED, SENT
from realtime.core.rates import Allowances
from realtime.core.window import Window

NOBODY: frozenset[Connection] = frozenset()

MANY = 16
"""Smaller audiences are written to at once: there is nothing to save."""
COMERS = 20
"""So many clients a second are asked to come back when a node goes …"""
MOST_SPREAD = 30.0
"""… but nobody is asked to stay away for longer than these seconds."""


Rewrite = Callable[[Connection], Message | None]
"""Returns what a connection gets of a message: the same, another one, or None."""


class HubInfo(TypedDict):
    """A node in figures."""

    id: str
    connections: int
    users: int
    guests: int
    groups: int
    received: int
    sent: int
    evicted: int
    buffered: int
    endings: dict[str, int]


class Watcher:
    """Who wants to know what happens in a hub (the cluster, presence); does nothing by itself."""

    def opened(self, group: str) -> None:
        """`group` has its first member here."""

    def emptied(self, group: str) -> None:
        """`group` lost its last member here."""

    def resized(self, group: str) -> None:
        """`group` has one member more or less here."""

    def changed(self, connection: Connection) -> None:
        """A connection appeared, or its identity or groups changed."""

    def bound(self, connection: Connection) -> None:
        """A connection was bound to another user than before, or to nobody."""

    def set(self, connection: Connection) -> None:
        """A connection's settings changed."""

    def leaving(self, connection: Connection) -> None:
        """A connection is about to be removed: who and where it is can still be read, and how it ended."""

    def gone(self, connection: Connection) -> None:
        """A connection was removed."""


class Hub:
    """Finds connections by id, group and session, and writes to them."""

    def __init__(
        self, node: str, *, clock: Callable[[], float] = time.monotonic, default: Default | None = None
    ) -> None:
        self.node, self.clock, self.default = node, clock, default
        self.watcher = Watcher()
        self.connections: dict[str, Connection] = {}
        self.groups: dict[str, set[Connection]] = {}
        self.sessions: dict[str, set[Connection]] = {}
        self.evicted = 0
        self.endings = Counter[int]()
        """How many connections ended with which code."""
        self._past = Counter[str]()
        self.window = Window(clock, self.evict)
        self.is_guest: Callable[[Connection], bool] = lambda connection: connection.identity is None
        self.sending: Callable[[Message], Rewrite | None] | None = None
        """Who is asked, before a push goes out, whether each connection gets it as it is."""
        self.translate: Callable[[str, str], str] = lambda message, language: message
        self.trace_id: Callable[[], str] = str
        self.allowances = Allowances()

    # who is here

    def add(self, connection: Connection) -> None:
        self.connections[connection.id] = connection
        self.bind(connection, connection.identity)
        self.watcher.bound(connection)

    def remove(self, connection: Connection, code: int = GONE, reason: str = "") -> None:
        """Forget a connection that ended with `code`; safe to repeat."""
        if connection.id not in self.connections:
            return
        connection.ended = Ending(code, reason)
        self.endings[code] += 1
        self.watcher.leaving(connection)
        del self.connections[connection.id]
        connection.outbox.discard()
        self._unlist(connection)
        for group in list(connection.groups):
            self._drop(connection, group)
        connection.joined.clear()
        self._past.update(received=connection.received, sent=connection.sent)
        for task in list(connection.tasks):
            task.cancel()
        self.watcher.gone(connection)

    def bind(self, connection: Connection, identity: Identity | None) -> None:
        """Make `identity` the connection's; what another user had joined is left behind, its settings stay."""
        self._unlist(connection)
        if changed := _who(connection.identity) != _who(identity):
            connection.joined.clear()
        connection.identity = identity
        if identity and identity.session_id:
            self.sessions.setdefault(identity.session_id, set()).add(connection)
        wanted = connection.joined | self._automatic(connection)
        for group in connection.groups - wanted:
            self._drop(connection, group)
        for group in wanted - connection.groups:
            self._enter(connection, group)
        connection.start_deadline()
        if connection.id in self.connections:
            self.watcher.changed(connection)
            if changed:
                self.watcher.bound(connection)

    def regroup(self, connection: Connection, groups: frozenset[str]) -> None:
        """Replace the automatic groups of a bound connection: its user's roles or department changed."""
        if connection.identity:
            self.bind(connection, replace(connection.identity, groups=groups))

    @staticmethod
    def _automatic(connection: Connection) -> frozenset[str]:
        if connection.identity:
            return connection.identity.automatic_groups
        return frozenset({EVERYONE}) if connection.limits.allow_guests else frozenset()

    def _unlist(self, connection: Connection) -> None:
        if (sid := connection.session_id) and (listed := self.sessions.get(sid)):
            listed.discard(connection)
            if not listed:
                del self.sessions[sid]

    def join(self, connection: Connection, group: str) -> int:
        """Put a connection into a group; return the group's size on this node."""
        if connection.id in self.connections and group not in connection.groups:
            connection.joined.add(group)
            self._enter(connection, group)
            self.watcher.changed(connection)
        return len(self.groups.get(group, NOBODY))

    def leave(self, connection: Connection, group: str) -> int:
        """Take a connection out of a group; automatic groups stay."""
        if group in connection.joined:
            connection.joined.discard(group)
            self._drop(connection, group)
            self.watcher.changed(connection)
        return len(self.groups.get(group, NOBODY))

    def change(self, connection: Connection, values: Mapping[str, str], remove: Iterable[str] = ()) -> dict[str, str]:
        """Set some of a connection's settings, remove others; return all."""
        if connection.id in self.connections:
            connection.settings |= values
            for key in remove:
                connection.settings.pop(key, None)
            self.watcher.changed(connection)
            self.watcher.set(connection)
        return connection.settings

    def _enter(self, connection: Connection, group: str) -> None:
        members = self.groups.get(group)
        if members is None:
            members = self.groups[group] = set()
            self.watcher.opened(group)
        members.add(connection)
        connection.groups.add(group)
        self.window.changed()
        self.watcher.resized(group)

    def _drop(self, connection: Connection, group: str) -> None:
        connection.groups.discard(group)
        members = self.groups.get(group)
        if members is None:
            return
        members.discard(connection)
        self.window.changed()
        self.watcher.resized(group)
        if not members:
            del self.groups[group]
            self.watcher.emptied(group)

    def find(
        self, *, user_id: int | None = None, group: str | None = None, session_id: str | None = None
    ) -> list[Connection]:
        """Return the connections all given conditions apply to."""
        if session_id is not None:
            found: Collection[Connection] = self.sessions.get(session_id, NOBODY)
        elif user_id is not None:
            found = self.groups.get(f"user.{user_id}", NOBODY) if user_id else self._guests()
        elif group is not None:
            found = self.groups.get(group, NOBODY)
        else:
            found = self.connections.values()
        return [
            one
            for one in found
            if (group is None or group in one.groups) and (user_id is None or one.user_id == user_id)
        ]

    def _guests(self) -> list[Connection]:
        return [one for one in self.connections.values() if one.identity is None]

    # fan-out

    def send_group(self, group: str, message: Message, exclude_user: int | None = None) -> int:
        """Write to a group; return to how many."""
        members = self.groups.get(group)
        if not members:
            return 0
        if exclude_user is None:
            return self.deliver(members, message, group)
        return self.deliver([one for one in members if one.user_id != exclude_user], message)

    def send_groups(self, groups: Iterable[str], message: Message, exclude_user: int | None = None) -> int:
        """Write once to each connection that is in any of `groups`; return to how many."""
        members = NOBODY.union(*(self.groups.get(group, NOBODY) for group in groups))
        return self.deliver([one for one in members if exclude_user is None or one.user_id != exclude_user], message)

    def deliver(self, connections: Collection[Connection], message: Message, audience: str = "") -> int:
        """Write `message` to each, and return how many took it.

        Whoever reads too slowly is evicted, and nobody else waits.

        :param audience: the group, when the connections are all of its members.
        """
        if self.sending and (rewrite := self.sending(message)):
            return sum(self._write((one,), mine) for one in tuple(connections) if (mine := rewrite(one)))
        if len(connections) < MANY:
            return self._write(tuple(connections), message)
        if self.window.is_on:
            return self.window.add(connections, message, audience)
        taken = self._write(tuple(connections), message)
        self.window.written()
        return taken

    def _write(self, connections: Sequence[Connection], message: Message) -> int:
        missed = 0
        for connection in connections:
            put = connection.outbox.put(message)
            if put is SENT or put is QUEUED:
                connection.sent += 1
            else:
                missed += 1
                if put is FULL:
                    self.evict(connection)
        return len(connections) - missed

    def reply(self, connection: Connection, message: Message) -> None:
        """Write what a client waits for: at once."""
        if connection.outbox.put_now(message) is FULL:
            self.evict(connection)
        else:
            connection.sent += 1

    def push(self, connection: Connection, topic: str, data: Any) -> None:
        self.deliver((connection,), Message.push(topic, data, self.default))

    # endings

    def evict(self, connection: Connection) -> None:
        self.evicted += 1
        self.close(connection, CloseCode.TOO_SLOW)

    def close(self, connection: Connection, code: int, reason: str = "") -> None:
        """Close a connection and forget it at once; its handlers are cancelled."""
        if connection.id in self.connections:
            reason = fit_reason(reason or self.reason(connection, code))
            connection.outbox.close(code, reason)
            self.remove(connection, code, reason)

    def farewell(self, connection: Connection) -> None:
        """Tell a client that the server goes, and after how many seconds to come back: not all in the same moment."""
        seconds = round(uniform(0.2, min(MOST_SPREAD, max(1.0, len(self.connections) / COMERS))), 1)  # noqa: S311 (no secret)
        code = CloseCode.SERVER_RESTARTING
        data = {"code": code, "reason": self.reason(connection, code), "retry_after": seconds}
        self.reply(connection, Message.push(KICK, data))

    def reason(self, connection: Connection, code: int) -> str:
        """Return what a close code means, in the client's language."""
        return self.translate(REASONS.get(code, ""), connection.peer.language)

    def overdue(self) -> Iterator[tuple[Connection, CloseCode]]:
        """Yield connections that are idle, or bound to nobody for too long."""
        now = self.clock()
        for connection in list(self.connections.values()):
            idle = connection.limits.idle_seconds
            if connection.deadline is not None and now >= connection.deadline:
                yield connection, CloseCode.NOT_AUTHENTICATED
            elif idle and now - connection.heard_at >= idle:
                yield connection, CloseCode.IDLE

    def info(self) -> HubInfo:
        """Return figures; from any thread, so of copies that are made in one step."""
        connections, groups = list(self.connections.values()), list(self.groups)
        return HubInfo(
            id=self.node,
            connections=len(connections),
            users=sum(1 for group in groups if group.startswith("user.")),
            guests=sum(1 for one in connections if one.identity is None),
            groups=len(groups),
            received=self._past["received"] + sum(one.received for one in connections),
            sent=self._past["sent"] + sum(one.sent for one in connections),
            evicted=self.evicted,
            buffered=sum(one.outbox.unsent() for one in connections),
            endings={str(code): count for code, count in dict(self.endings).items()},
        )


def _who(identity: Identity | None) -> tuple[int, str]:
    return (identity.user_id, identity.machine) if identity else (0, "")
