"""THE DOOR: the only way to reach a browser.

    from realtime import gateway

    gateway.send_user(user.pk, "orders.changed", {"id": 7})

Everything here works from any thread of the serving process and, with Redis, from any process; elsewhere it raises
GatewayUnreachable, which says why. Every call has an async twin (`asend_user`, …). Delivery is at most once: what must
arrive belongs into a row, and the push says "look".
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Any, cast

from realtime import cluster
from realtime.commands import Command
from realtime.core.codes import CloseCode
from realtime.core.connection import EVERYONE, ConnectionInfo, Identity
from realtime.core.frames import Message
from realtime.errors import GatewayUnreachable
from realtime.presence import Directory, NodeInfo
from realtime.remote import guarded, remote

ANSWER_SECONDS = 10.0
NO_FIGURES = ("connections", "users", "guests", "groups", "received", "sent", "evicted", "outages", "lost")


def send(connection_id: str, topic: str, data: Any = None, *, local: bool = False) -> None:
    """Push to one connection; one that is gone is ignored."""
    _run(_to_ids((connection_id,), topic, data), local)


def send_batch(ids: Iterable[str], topic: str, data: Any = None, *, local: bool = False) -> None:
    """Push to several connections; those that are gone are ignored."""
    _run(_to_ids(ids, topic, data), local)


def send_user(user_id: int, topic: str, data: Any = None, group: str | None = None, *, local: bool = False) -> None:
    """Push to all connections of a user, or to those of them that are in `group`."""
    _run(_to_user(user_id, topic, data, group), local)


def send_group(
    group: str | Iterable[str], topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False
) -> None:
    """Push to all connections in a group, but for those of `exclude_user`; once to each that is in any of several."""
    _run(_to_group(group, topic, data, exclude_user), local)


def broadcast(topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False) -> None:
    """Push to everyone."""
    _run(_to_group(EVERYONE, topic, data, exclude_user), local)


def join(connection_id: str, group: str) -> None:
    """Put a connection into a group; its policy is not asked."""
    _run(Command("join", ids=(connection_id,), group=group))


def leave(connection_id: str, group: str) -> None:
    """Take a connection out of a group."""
    _run(Command("leave", ids=(connection_id,), group=group))


def set(connection_id: str, values: dict[str, str]) -> None:  # noqa: A001 (the seed's name, behind `gateway.`)
    """Set some of a connection's settings."""
    _run(_to_set(connection_id, values))


def bind(connection_id: str, who: int | Identity) -> None:
    """Bind a connection to a user, as the client's own `auth` would."""
    _run(Command("bind", ids=(connection_id,), identity=_identity(who)))


def unbind(connection_id: str) -> None:
    """Make a connection a guest again."""
    _run(Command("bind", ids=(connection_id,)))


def regroup(user_id: int, groups: Iterable[str]) -> None:
    """Replace the automatic groups of a user's connections: their roles or department changed."""
    _run(Command("regroup", user_id=user_id, groups=tuple(groups)))


def disconnect(
    connection_id: str | None = None,
    user_id: int | None = None,
    session_id: str | None = None,
    code: int = CloseCode.DISCONNECTED_BY_STAFF,
    reason: str = "",
) -> None:
    """Close the connections all given conditions apply to; at least one is needed."""
    _run(_to_close(connection_id, user_id, session_id, code, reason))


def disconnect_sessions(session_ids: Iterable[str], code: int = CloseCode.SESSION_ENDED, reason: str = "") -> None:
    """Close the connections of many sessions, by one message to the nodes."""
    _run(_to_close_sessions(session_ids, code, reason))


def is_online(user_id: int) -> bool:
    """Whether a user has a connection, on whatever node."""
    return cast(bool, _ask(lambda who: who.is_online(user_id)))


def connections(user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    """Return the connections of a user, in a group, or all; `user_id=0` are guests."""
    return cast(list[ConnectionInfo], _ask(lambda who: who.connections(user_id, group)))


def nodes() -> list[NodeInfo]:
    """Return the serving processes, with their figures."""
    return cast(list[NodeInfo], _ask(lambda who: who.nodes()))


def this_node() -> NodeInfo:
    """Return the figures of this process; zeros when it serves no sockets."""
    if node := cluster.serving():
        return node.info()
    return dict.fromkeys(NO_FIGURES, 0) | {"id": "", "in_touch": True}


async def asend(connection_id: str, topic: str, data: Any = None, *, local: bool = False) -> None:
    await _arun(_to_ids((connection_id,), topic, data), local)


async def asend_batch(ids: Iterable[str], topic: str, data: Any = None, *, local: bool = False) -> None:
    await _arun(_to_ids(ids, topic, data), local)


async def asend_user(
    user_id: int, topic: str, data: Any = None, group: str | None = None, *, local: bool = False
) -> None:
    await _arun(_to_user(user_id, topic, data, group), local)


async def asend_group(
    group: str | Iterable[str], topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False
) -> None:
    await _arun(_to_group(group, topic, data, exclude_user), local)


async def abroadcast(topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False) -> None:
    await _arun(_to_group(EVERYONE, topic, data, exclude_user), local)


async def ajoin(connection_id: str, group: str) -> None:
    await _arun(Command("join", ids=(connection_id,), group=group))


async def aleave(connection_id: str, group: str) -> None:
    await _arun(Command("leave", ids=(connection_id,), group=group))


async def aset(connection_id: str, values: dict[str, str]) -> None:
    await _arun(_to_set(connection_id, values))


async def abind(connection_id: str, who: int | Identity) -> None:
    await _arun(Command("bind", ids=(connection_id,), identity=_identity(who)))


async def aunbind(connection_id: str) -> None:
    await _arun(Command("bind", ids=(connection_id,)))


async def aregroup(user_id: int, groups: Iterable[str]) -> None:
    await _arun(Command("regroup", user_id=user_id, groups=tuple(groups)))


async def adisconnect(
    connection_id: str | None = None,
    user_id: int | None = None,
    session_id: str | None = None,
    code: int = CloseCode.DISCONNECTED_BY_STAFF,
    reason: str = "",
) -> None:
    await _arun(_to_close(connection_id, user_id, session_id, code, reason))


async def adisconnect_sessions(
    session_ids: Iterable[str], code: int = CloseCode.SESSION_ENDED, reason: str = ""
) -> None:
    await _arun(_to_close_sessions(session_ids, code, reason))


async def ais_online(user_id: int) -> bool:
    return cast(bool, await _aask(lambda who: who.is_online(user_id)))


async def aconnections(user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    return cast(list[ConnectionInfo], await _aask(lambda who: who.connections(user_id, group)))


async def anodes() -> list[NodeInfo]:
    return cast(list[NodeInfo], await _aask(lambda who: who.nodes()))


# what they all come to


def _to_ids(ids: Iterable[str], topic: str, data: Any) -> Command:
    return Command("send", ids=tuple(map(str, ids)), message=Message.push(topic, data, cluster.to_json))


def _to_user(user_id: int, topic: str, data: Any, group: str | None) -> Command:
    if user_id < 1:
        raise ValueError(f"{user_id} is nobody: guests have no id to send to.")
    return Command("send", user_id=int(user_id), group=group, message=Message.push(topic, data, cluster.to_json))


def _to_group(group: str | Iterable[str], topic: str, data: Any, exclude_user: int | None) -> Command:
    message = Message.push(topic, data, cluster.to_json)
    if isinstance(group, str):
        return Command("send", group=group, exclude_user=exclude_user, message=message)
    groups = tuple(dict.fromkeys(group))
    if len(groups) == 1:
        return Command("send", group=groups[0], exclude_user=exclude_user, message=message)
    return Command("send_groups", groups=groups, exclude_user=exclude_user, message=message)


def _to_close(
    connection_id: str | None, user_id: int | None, session_id: str | None, code: int, reason: str
) -> Command:
    if connection_id is None and user_id is None and session_id is None:
        raise ValueError("Say which connections: connection_id, user_id or session_id.")
    ids = () if connection_id is None else (connection_id,)
    return Command("close", ids=ids, user_id=user_id, session_id=session_id, code=int(code), reason=str(reason))


def _to_close_sessions(session_ids: Iterable[str], code: int, reason: str) -> Command:
    return Command("close_sessions", session_ids=tuple(map(str, session_ids)), code=int(code), reason=str(reason))


def _to_set(connection_id: str, values: dict[str, str]) -> Command:
    if not all(isinstance(one, str) for pair in values.items() for one in pair):
        raise TypeError("Settings of a connection are text to text.")
    return Command("set", ids=(connection_id,), settings=dict(values))


def _identity(who: int | Identity) -> Identity:
    return who if isinstance(who, Identity) else Identity(int(who))


def _run(command: Command, local: bool = False) -> None:
    node = cluster.serving()
    if node is None:
        if not local:
            way_out = remote()
            way_out.submit(way_out.publish, command).result(ANSWER_SECONDS)
    elif node.on_loop():
        node.run(command, local=local)
    else:
        node.submit(command, local=local)


async def _arun(command: Command, local: bool = False) -> None:
    node = cluster.serving()
    if node is None:
        if not local:
            way_out = remote()
            await asyncio.wrap_future(way_out.submit(way_out.publish, command))
    elif node.on_loop():
        if node.link:
            await node.link.room()
        node.run(command, local=local)
    else:
        await asyncio.to_thread(node.submit, command, local=local)


Question = Callable[[Directory], Awaitable[Any]]


def _ask(question: Question) -> Any:
    node = cluster.serving()
    if node is not None and node.on_loop():
        raise RuntimeError("This would block the event loop: await the async twin instead.")
    try:
        asked = node.ask(lambda: guarded(question, node.presence)) if node else _ask_remotely(question)
        return asked.result(ANSWER_SECONDS)
    except TimeoutError:
        raise GatewayUnreachable(why="it did not answer in time") from None


async def _aask(question: Question) -> Any:
    node = cluster.serving()
    if node is None:
        return await asyncio.wrap_future(_ask_remotely(question))
    if node.on_loop():
        return await guarded(question, node.presence)
    return await asyncio.wrap_future(node.ask(lambda: guarded(question, node.presence)))


def _ask_remotely(question: Question) -> "Future[Any]":
    way_out = remote()

    async def answer() -> Any:
        return await question(await way_out.who())

    return way_out.submit(answer)
