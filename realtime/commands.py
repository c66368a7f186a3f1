"""What the door asks of a node: the same words here and across the cluster.

A command is carried out on this process's hub, and travels to the nodes its `routes` name.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from realtime.core.connection import EVERYONE, Connection, Identity
from realtime.core.frames import KICK, Message
from realtime.core.hub import Hub

ALL_NODES = "nodes"


def group_route(group: str) -> str:
    """Return where nodes listen that have members of `group`."""
    return f"group.{group}"


def node_route(node: str) -> str:
    """Return where one node listens."""
    return f"node.{node}"


@dataclass(frozen=True, slots=True)
class Command:
    """One order to the hubs. Which fields count is up to `do`."""

    do: str
    ids: tuple[str, ...] = ()
    user_id: int | None = None
    session_id: str | None = None
    session_ids: tuple[str, ...] = ()
    group: str | None = None
    exclude_user: int | None = None
    message: Message | None = None
    code: int = 0
    reason: str = ""
    settings: dict[str, str] | None = None
    identity: Identity | None = None
    groups: tuple[str, ...] = ()

    def routes(self) -> set[str]:
        """Return where the nodes listen that this concerns.

        Several groups go to all nodes: one that has members of two of them must still hear it once.
        """
        if self.ids:
            return {node_route(one.partition("-")[0]) for one in self.ids}
        if self.user_id is not None:
            return {group_route(f"user.{self.user_id}")}
        if self.group is not None:
            return {group_route(self.group)}
        return {ALL_NODES}

    def pack(self) -> dict[str, Any]:
        """Return what travels: bytes and plain values only."""
        body = {name: value for name in self.__slots__ if (value := getattr(self, name)) not in (None, (), "", 0)}
        if self.message:
            body["message"] = self.message.payload
            body["binary"] = self.message.binary
        if self.identity:
            body["identity"] = asdict(self.identity) | {"permissions": None, "groups": sorted(self.identity.groups)}
        return body

    @classmethod
    def unpack(cls, body: dict[str, Any]) -> "Command":
        values = {name: value for name, value in body.items() if name in cls.__slots__}
        for name in ("ids", "groups", "session_ids"):
            values[name] = tuple(values.get(name, ()))
        if "message" in body:
            values["message"] = Message(body["message"], binary=body.get("binary", False))
        if "identity" in body:
            values["identity"] = Identity(**body["identity"] | {"groups": frozenset(body["identity"]["groups"])})
        return cls(**values)


def execute(hub: Hub, command: Command) -> None:
    """Carry out a command on this process's connections."""
    _DO[command.do](hub, command)


def _chosen(hub: Hub, command: Command) -> list[Connection]:
    if command.ids:
        found = (one for name in command.ids if (one := hub.connections.get(name)))
        return [one for one in found if _matches(one, command)]
    return hub.find(user_id=command.user_id, group=command.group, session_id=command.session_id)


def _matches(connection: Connection, command: Command) -> bool:
    return command.user_id in (None, connection.user_id) and command.session_id in (None, connection.session_id)


def _send(hub: Hub, command: Command) -> None:
    if command.message is None:
        return
    if command.group and command.user_id is None and not command.ids:
        hub.send_group(command.group, command.message, command.exclude_user)
    else:
        hub.deliver(_chosen(hub, command), command.message)


def _send_groups(hub: Hub, command: Command) -> None:
    if command.message is not None:
        hub.send_groups(command.groups, command.message, command.exclude_user)


def _close(hub: Hub, command: Command) -> None:
    for connection in _chosen(hub, command):
        _kick(hub, connection, command)


def _close_sessions(hub: Hub, command: Command) -> None:
    # a word of its own: a node of an older version does not know the list, and must not take its absence for "all"
    for sid in command.session_ids:
        for connection in hub.find(session_id=sid):
            _kick(hub, connection, command)


def _kick(hub: Hub, connection: Connection, command: Command) -> None:
    reason = command.reason or hub.reason(connection, command.code)
    hub.reply(connection, Message.push(KICK, {"code": command.code, "reason": reason}))
    connection.close(command.code, reason)


def _join(hub: Hub, command: Command) -> None:
    for connection in _members_to_be(hub, command):
        hub.join(connection, command.group or EVERYONE)


def _leave(hub: Hub, command: Command) -> None:
    for connection in _members_to_be(hub, command):
        hub.leave(connection, command.group or EVERYONE)


def _members_to_be(hub: Hub, command: Command) -> list[Connection]:
    return [one for name in command.ids if (one := hub.connections.get(name))]


def _set(hub: Hub, command: Command) -> None:
    for connection in _chosen(hub, command):
        connection.settings |= command.settings or {}


def _bind(hub: Hub, command: Command) -> None:
    for connection in _chosen(hub, command):
        hub.bind(connection, command.identity)


def _regroup(hub: Hub, command: Command) -> None:
    for connection in _chosen(hub, command):
        hub.regroup(connection, frozenset(command.groups))


_DO: dict[str, Callable[[Hub, Command], None]] = {
    "send": _send,
    "send_groups": _send_groups,
    "close": _close,
    "close_sessions": _close_sessions,
    "join": _join,
    "leave": _leave,
    "set": _set,
    "bind": _bind,
    "regroup": _regroup,
}
