"""What each call asks of the nodes."""

from collections.abc import Iterable
from typing import Any

from realtime import cluster
from realtime.commands import Command
from realtime.core.connection import EVERYONE, ConnectionInfo, Identity
from realtime.core.frames import Message
from realtime.errors import ConnectionGone, GatewayUnreachable
from realtime.questions import Answers


def to_ids(ids: Iterable[str], topic: str, data: Any) -> Command:
    return Command("send", ids=tuple(dict.fromkeys(map(str, ids))), message=message(topic, data))


def to_user(user_id: int, topic: str, data: Any, group: str | None) -> Command:
    if user_id < 1:
        raise ValueError(f"{user_id} is nobody: guests have no id to send to.")
    return Command("send", user_id=int(user_id), group=group, message=message(topic, data))


def to_group(group: str | Iterable[str], topic: str, data: Any, exclude_user: int | None) -> Command:
    if isinstance(group, str):
        return Command("send", group=group, exclude_user=exclude_user, message=message(topic, data))
    groups = tuple(dict.fromkeys(group))
    if len(groups) == 1:
        return Command("send", group=groups[0], exclude_user=exclude_user, message=message(topic, data))
    return Command("send_groups", groups=groups, exclude_user=exclude_user, message=message(topic, data))


def to_everyone(topic: str, data: Any, exclude_user: int | None) -> Command:
    return to_group(EVERYONE, topic, data, exclude_user)


def message(topic: str, data: Any) -> Message:
    return Message.push(topic, data, cluster.to_json)


def to_join(connection_id: str, group: str) -> Command:
    return Command("join", ids=(connection_id,), group=group)


def to_leave(connection_id: str, group: str) -> Command:
    return Command("leave", ids=(connection_id,), group=group)


def to_set(connection_id: str, values: dict[str, str]) -> Command:
    if not all(isinstance(one, str) for pair in values.items() for one in pair):
        raise TypeError("Settings of a connection are text to text.")
    return Command("set", ids=(connection_id,), settings=dict(values))


def to_remove(connection_id: str, keys: Iterable[str]) -> Command:
    return Command("remove", ids=(connection_id,), keys=tuple(keys))


def to_bind(connection_id: str, who: int | Identity | None) -> Command:
    identity = who if who is None or isinstance(who, Identity) else Identity(int(who))
    return Command("bind", ids=(connection_id,), identity=identity)


def to_regroup(user_id: int, groups: Iterable[str]) -> Command:
    return Command("regroup", user_id=user_id, groups=tuple(groups))


def to_close(connection_id: str | None, user_id: int | None, session_id: str | None, code: int, reason: str) -> Command:
    if connection_id is None and user_id is None and session_id is None:
        raise ValueError("Say which connections: connection_id, user_id or session_id.")
    ids = () if connection_id is None else (connection_id,)
    return Command("close", ids=ids, user_id=user_id, session_id=session_id, code=int(code), reason=str(reason))


def to_close_sessions(session_ids: Iterable[str], code: int, reason: str) -> Command:
    return Command("close_sessions", session_ids=tuple(map(str, session_ids)), code=int(code), reason=str(reason))


def to_describe(connection_id: str) -> Command:
    return Command("describe", ids=(connection_id,))


def described(answers: Answers) -> ConnectionInfo:
    """Read what the one node says that has the connection.

    :raises ConnectionGone: when there is no such connection.
    :raises GatewayUnreachable: when its node does not answer.
    """
    found: list[ConnectionInfo] = [one for some in answers.values.values() for one in some]
    if found:
        return found[0]
    if answers.silent:
        raise GatewayUnreachable(why="the connection's node does not answer")
    raise ConnectionGone
