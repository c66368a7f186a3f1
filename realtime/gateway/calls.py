"""The calls for whoever stands in a thread; `twins` has the same for coroutines."""

from collections.abc import Iterable
from typing import Any, cast

from realtime import cluster
from realtime.core.codes import CloseCode
from realtime.core.connection import ConnectionInfo, Identity
from realtime.directory import NodeInfo
from realtime.gateway import orders, ways
from realtime.questions import Receipt

NO_FIGURES = (
    "connections",
    "users",
    "guests",
    "groups",
    "received",
    "sent",
    "evicted",
    "buffered",
    "outages",
    "lost",
    "queued",
)


def send(
    connection_id: str, topic: str, data: Any = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    """Push to one connection; one that is gone is ignored."""
    return ways.run(orders.to_ids((connection_id,), topic, data), local=local, receipt=receipt)


def send_batch(
    ids: Iterable[str], topic: str, data: Any = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    """Push to several connections; those that are gone are ignored."""
    return ways.run(orders.to_ids(ids, topic, data), local=local, receipt=receipt)


def send_user(
    user_id: int,
    topic: str,
    data: Any = None,
    group: str | None = None,
    *,
    local: bool = False,
    receipt: bool = False,
) -> Receipt | None:
    """Push to all connections of a user, or to those of them that are in `group`."""
    return ways.run(orders.to_user(user_id, topic, data, group), local=local, receipt=receipt)


def send_group(
    group: str | Iterable[str],
    topic: str,
    data: Any = None,
    exclude_user: int | None = None,
    *,
    local: bool = False,
    receipt: bool = False,
) -> Receipt | None:
    """Push to all connections in a group, but for those of `exclude_user`; once to each that is in any of several."""
    return ways.run(orders.to_group(group, topic, data, exclude_user), local=local, receipt=receipt)


def broadcast(
    topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    """Push to everyone."""
    return ways.run(orders.to_everyone(topic, data, exclude_user), local=local, receipt=receipt)


def join(connection_id: str, group: str, *, receipt: bool = False) -> Receipt | None:
    """Put a connection into a group; its policy is not asked."""
    return ways.run(orders.to_join(connection_id, group), receipt=receipt)


def leave(connection_id: str, group: str, *, receipt: bool = False) -> Receipt | None:
    """Take a connection out of a group."""
    return ways.run(orders.to_leave(connection_id, group), receipt=receipt)


def set(connection_id: str, values: dict[str, str], *, receipt: bool = False) -> Receipt | None:  # noqa: A001 (the seed's name, behind `gateway.`)
    """Set some of a connection's settings."""
    return ways.run(orders.to_set(connection_id, values), receipt=receipt)


def remove(connection_id: str, keys: Iterable[str], *, receipt: bool = False) -> Receipt | None:
    """Remove some of a connection's settings."""
    return ways.run(orders.to_remove(connection_id, keys), receipt=receipt)


def bind(connection_id: str, who: int | Identity, *, receipt: bool = False) -> Receipt | None:
    """Bind a connection to a user, as the client's own `auth` would."""
    return ways.run(orders.to_bind(connection_id, who), receipt=receipt)


def unbind(connection_id: str, *, receipt: bool = False) -> Receipt | None:
    """Make a connection a guest again."""
    return ways.run(orders.to_bind(connection_id, None), receipt=receipt)


def regroup(user_id: int, groups: Iterable[str], *, receipt: bool = False) -> Receipt | None:
    """Replace the automatic groups of a user's connections: their roles or department changed."""
    return ways.run(orders.to_regroup(user_id, groups), receipt=receipt)


def disconnect(
    connection_id: str | None = None,
    user_id: int | None = None,
    session_id: str | None = None,
    code: int = CloseCode.DISCONNECTED_BY_STAFF,
    reason: str = "",
    *,
    receipt: bool = False,
) -> Receipt | None:
    """Close the connections all given conditions apply to; at least one is needed."""
    return ways.run(orders.to_close(connection_id, user_id, session_id, code, reason), receipt=receipt)


def disconnect_sessions(
    session_ids: Iterable[str], code: int = CloseCode.SESSION_ENDED, reason: str = "", *, receipt: bool = False
) -> Receipt | None:
    """Close the connections of many sessions, by one message to the nodes."""
    return ways.run(orders.to_close_sessions(session_ids, code, reason), receipt=receipt)


def is_online(user_id: int) -> bool:
    """Whether a user has a connection, on whatever node."""
    return cast(bool, ways.ask(lambda who: who.is_online(user_id)))


def users_online() -> int:
    """Return how many users have a connection; who is connected to several nodes counts once."""
    return cast(int, ways.ask(lambda who: who.users_online()))


def connection(connection_id: str) -> ConnectionInfo:
    """Return what its node knows of one connection at this moment.

    :raises ConnectionGone: when there is none (any more).
    """
    return orders.described(ways.answers(orders.to_describe(connection_id)))


def connections(user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    """Return the connections of a user, in a group, or all; `user_id=0` are guests."""
    return cast(list[ConnectionInfo], ways.ask(lambda who: who.connections(user_id, group), in_pieces=True))


def nodes() -> list[NodeInfo]:
    """Return the serving processes, with their figures."""
    return cast(list[NodeInfo], ways.ask(lambda who: who.nodes()))


def this_node() -> NodeInfo:
    """Return the figures of this process; zeros when it serves no sockets."""
    if node := cluster.serving():
        return node.info()
    return dict.fromkeys(NO_FIGURES, 0) | {"id": "", "in_touch": True}
