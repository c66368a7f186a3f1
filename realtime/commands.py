"""What the door asks of a node: the same words here and across the cluster.

A command is carried out on this process's hub, and travels to the nodes its `routes` name.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from realtime.core.connection import EVERYONE, Connection, ConnectionInfo, Identity
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
    keys: tuple[str, ...] = ()
    identity: Identity | None = None
    groups: tuple[str, ...] = ()
    watcher: str = ""
    """The connection that is shown what another says and hears."""
    question: str = ""
    """Whoever carries this out answers what came of it, under this number …"""
    answer_to: str = ""
    """… through this route."""

    def routes(self) -> set[str]:
        """Return where the nodes listen that this concerns.

        Several groups go to all nodes: one that has members of two of them must still hear it once. So does a question:
        a node that has nobody in the group answers that, and the asker knows when all have spoken.
        """
        if self.ids:
            return {node_route(one) for one in self.nodes()}
        if self.question:
            return {ALL_NODES}
        if self.user_id is not None:
            return {group_route(f"user.{self.user_id}")}
        if self.group is not None:
            return {group_route(self.group)}
        return {ALL_NODES}

    def nodes(self) -> set[str]:
        """Return the nodes whose connections are named."""
        return {one.partition("-")[0] for one in self.ids}

    def pack(self) -> dict[str, Any]:
        """Return what travels: bytes and plain values only."""
        body = {name: value for name in self.__slots__ if (value := getattr(self, name)) not in (None, (), "", 0)}
        if self.message:
            body["message"] = self.message.payload
            body["binary"], body["topic"] = self.message.binary, self.message.topic
        if self.identity:
            body["identity"] = asdict(self.identity) | {"permissions": None, "groups": sorted(self.identity.groups)}
        return body

    @classmethod
    def unpack(cls, body: dict[str, Any]) -> "Command":
        values = {name: value for name, value in body.items() if name in cls.__slots__}
        for name in ("ids", "groups", "session_ids", "keys"):
            values[name] = tuple(values.get(name, ()))
        if "message" in body:
            values["message"] = Message(body["message"], binary=body.get("binary", False), topic=body.get("topic", ""))
        if "identity" in body:
            values["identity"] = Identity(**body["identity"] | {"groups": frozenset(body["identity"]["groups"])})
        return cls(**values)


Deed = Callable[[Hub, Command], Any]


def carries_out(do: str) -> Callable[[Deed], Deed]:
    """Register what carries out a command, for parts of the gateway that stand above this one."""

    def register(deed: Deed) -> Deed:
        _DO[do] = deed
        return deed

    return register


def execute(hub: Hub, command: Command) -> Any:
    """Carry out a command on this process's connections; return what it says about them: how many, unless it asks more."""
    return _DO[command.do](hub, command)


def _chosen(hub: Hub, command: Command) -> list[Connection]:
    if command.ids:
        return [one for one in _named(hub, command) if _matches(one, command)]
    return hub.find(user_id=command.user_id, group=command.group, session_id=command.session_id)


def _matches(connection: Connection, command: Command) -> bool:
    return command.user_id in (None, connection.user_id) and command.session_id in (None, connection.session_id)


def _send(hub: Hub, command: Command) -> int:
    if command.message is None:
        return 0
    if command.group and command.user_id is None and not command.ids:
        return hub.send_group(command.group, command.message, command.exclude_user)
    return hub.deliver(_chosen(hub, command), command.message)


def _send_groups(hub: Hub, command: Command) -> int:
    return hub.send_groups(command.groups, command.message, command.exclude_user) if command.message else 0


def _close(hub: Hub, command: Command) -> int:
    return _kick(hub, _chosen(hub, command), command)


def _close_sessions(hub: Hub, command: Command) -> int:
    # a word of its own: a node of an older version does not know the list, and must not take its absence for "all"
    return sum(_kick(hub, hub.find(session_id=sid), command) for sid in command.session_ids)


def _kick(hub: Hub, those: list[Connection], command: Command) -> int:
    for connection in those:
        reason = command.reason or hub.reason(connection, command.code)
        hub.reply(connection, Message.push(KICK, {"code": command.code, "reason": reason}))
        connection.close(command.code, reason)
    return len(those)


def _join(hub: Hub, command: Command) -> int:
    return _each(_named(hub, command), lambda one: hub.join(one, command.group or EVERYONE))


def _leave(hub: Hub, command: Command) -> int:
    return _each(_named(hub, command), lambda one: hub.leave(one, command.group or EVERYONE))


def _set(hub: Hub, command: Command) -> int:
    return _each(_chosen(hub, command), lambda one: hub.change(one, command.settings or {}))


def _remove(hub: Hub, command: Command) -> int:
    return _each(_chosen(hub, command), lambda one: hub.change(one, {}, remove=command.keys))


def _bind(hub: Hub, command: Command) -> int:
    return _each(_chosen(hub, command), lambda one: hub.bind(one, command.identity))


def _regroup(hub: Hub, command: Command) -> int:
    return _each(_chosen(hub, command), lambda one: hub.regroup(one, frozenset(command.groups)))


def _describe(hub: Hub, command: Command) -> list[ConnectionInfo]:
    return [one.info() for one in _chosen(hub, command)]


def _each(those: list[Connection], act: Callable[[Connection], Any]) -> int:
    for connection in those:
        act(connection)
    return len(those)


def _named(hub: Hub, command: Command) -> list[Connection]:
    return [one for name in command.ids if (one := hub.connections.get(name))]


_DO: dict[str, Deed] = {
    "send": _send,
    "send_groups": _send_groups,
    "close": _close,
    "close_sessions": _close_sessions,
    "join": _join,
    "leave": _leave,
    "set": _set,
    "remove": _remove,
    "bind": _bind,
    "regroup": _regroup,
    "describe": _describe,
}
