"""The calls of `calls` for coroutines; what each does is said there."""

from collections.abc import Iterable
from typing import Any, cast

from realtime.core.codes import CloseCode
from realtime.core.connection import ConnectionInfo, Identity
from realtime.directory import NodeInfo
from realtime.gateway import orders, ways
from realtime.questions import Receipt


async def asend(
    connection_id: str, topic: str, data: Any = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    return await ways.arun(orders.to_ids((connection_id,), topic, data), local=local, receipt=receipt)


async def asend_batch(
    ids: Iterable[str], topic: str, data: Any = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    return await ways.arun(orders.to_ids(ids, topic, data), local=local, receipt=receipt)


async def asend_user(
    user_id: int,
    topic: str,
    data: Any = None,
    group: str | None = None,
    *,
    local: bool = False,
    receipt: bool = False,
) -> Receipt | None:
    return await ways.arun(orders.to_user(user_id, topic, data, group), local=local, receipt=receipt)


async def asend_group(
    group: str | Iterable[str],
    topic: str,
    data: Any = None,
    exclude_user: int | None = None,
    *,
    local: bool = False,
    receipt: bool = False,
) -> Receipt | None:
    return await ways.arun(orders.to_group(group, topic, data, exclude_user), local=local, receipt=receipt)


async def abroadcast(
    topic: str, data: Any = None, exclude_user: int | None = None, *, local: bool = False, receipt: bool = False
) -> Receipt | None:
    return await ways.arun(orders.to_everyone(topic, data, exclude_user), local=local, receipt=receipt)


async def ajoin(connection_id: str, group: str, *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_join(connection_id, group), receipt=receipt)


async def aleave(connection_id: str, group: str, *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_leave(connection_id, group), receipt=receipt)


async def aset(connection_id: str, values: dict[str, str], *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_set(connection_id, values), receipt=receipt)


async def aremove(connection_id: str, keys: Iterable[str], *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_remove(connection_id, keys), receipt=receipt)


async def abind(connection_id: str, who: int | Identity, *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_bind(connection_id, who), receipt=receipt)


async def aunbind(connection_id: str, *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_bind(connection_id, None), receipt=receipt)


async def aregroup(user_id: int, groups: Iterable[str], *, receipt: bool = False) -> Receipt | None:
    return await ways.arun(orders.to_regroup(user_id, groups), receipt=receipt)


async def adisconnect(
    connection_id: str | None = None,
    user_id: int | None = None,
    session_id: str | None = None,
    code: int = CloseCode.DISCONNECTED_BY_STAFF,
    reason: str = "",
    *,
    receipt: bool = False,
) -> Receipt | None:
    return await ways.arun(orders.to_close(connection_id, user_id, session_id, code, reason), receipt=receipt)


async def adisconnect_sessions(
    session_ids: Iterable[str], code: int = CloseCode.SESSION_ENDED, reason: str = "", *, receipt: bool = False
) -> Receipt | None:
    return await ways.arun(orders.to_close_sessions(session_ids, code, reason), receipt=receipt)


async def ais_online(user_id: int) -> bool:
    return cast(bool, await ways.aask(lambda who: who.is_online(user_id)))


async def ausers_online() -> int:
    return cast(int, await ways.aask(lambda who: who.users_online()))


async def aconnection(connection_id: str) -> ConnectionInfo:
    return orders.described(await ways.aanswers(orders.to_describe(connection_id)))


async def aconnections(user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    return cast(list[ConnectionInfo], await ways.aask(lambda who: who.connections(user_id, group), in_pieces=True))


async def anodes() -> list[NodeInfo]:
    return cast(list[NodeInfo], await ways.aask(lambda who: who.nodes()))
