"""Who is online, and where: what any process may ask.

In memory the hub itself answers. With Redis each node keeps its part there (realtime/presence.py):

    nodes               sorted set: node → time of its last beat; a node that missed three is gone
    node:<id>           what the node says about itself (JSON)
    connections:<node>  hash: connection → what is known about it (JSON)
    group:<name>        hash: node → how many connections joined there (groups joined on request only)
    user:<id>           set of the user's connections, on whatever node
    users:<node>        set of the users who have a connection to it
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any, Protocol

from redis.asyncio import BlockingConnectionPool, Redis

from realtime.commands import Command
from realtime.core.connection import Connection, ConnectionInfo
from realtime.core.hub import Hub
from realtime.guard import guarded

BEAT_SECONDS = 10.0
GONE_AFTER = 3 * BEAT_SECONDS
PIECE = 200
"""Connections that are looked at in one go."""
CALL_SECONDS = 2.0
COUNTED_SECONDS = 10
"""How long Redis may keep what it made in order to count."""
NodeInfo = dict[str, Any]


class Directory(Protocol):
    """What can be asked about who is online. `known` are the nodes that beat when last looked."""

    known: set[str]

    async def is_online(self, user_id: int) -> bool: ...
    async def connections(self, user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]: ...
    async def count(self, group: str) -> int: ...
    async def users_online(self) -> int: ...
    async def nodes(self) -> list[NodeInfo]: ...
    async def others(self, command: Command) -> set[str]: ...
    def lately(self) -> set[str]: ...


class MemoryDirectory:
    """Asks this process's hub: without Redis there is no other."""

    def __init__(self, hub: Hub, about: Callable[[], NodeInfo]) -> None:
        self.hub, self.about = hub, about
        self.known: set[str] = set()

    async def is_online(self, user_id: int) -> bool:
        return bool(self.hub.groups.get(f"user.{user_id}"))

    async def connections(self, user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
        return await described(self.hub.find(user_id=user_id, group=group))

    async def count(self, group: str) -> int:
        return len(self.hub.groups.get(group, ()))

    async def users_online(self) -> int:
        return self.hub.info()["users"]

    async def nodes(self) -> list[NodeInfo]:
        return [self.about()]

    async def others(self, command: Command) -> set[str]:
        return set()

    def lately(self) -> set[str]:
        return set()


async def described(connections: Sequence[Connection]) -> list[ConnectionInfo]:
    """Return what is known of each; what else the loop has to do waits for one piece at most."""
    found: list[ConnectionInfo] = []
    for start in range(0, len(connections), PIECE):
        found += [one.info() for one in connections[start : start + PIECE]]
        await asyncio.sleep(0)
    return found


class RedisDirectory:
    """Asks Redis about all nodes; any process may."""

    def __init__(self, url: str, prefix: str, pool_size: int) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=pool_size,
            timeout=CALL_SECONDS,
            socket_timeout=CALL_SECONDS,
            socket_connect_timeout=CALL_SECONDS,
            decode_responses=True,
        )
        self.redis: Any = Redis.from_pool(pool)
        self.known: set[str] = set()
        self._beat_at: dict[str, float] = {}
        self.prefix = f"{prefix}:presence"

    def key(self, *parts: object) -> str:
        return ":".join((self.prefix, *map(str, parts)))

    async def close(self) -> None:
        await self.redis.aclose()

    async def live(self) -> set[str]:
        """Return the ids of the nodes that beat."""
        self.known = {node for node, late in await self._beats() if not late}
        return self.known

    async def _beats(self) -> list[tuple[str, bool]]:
        """Return all nodes, and whether each missed its beats, by the clock of Redis: those of nodes may differ."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.zrange(self.key("nodes"), 0, -1, withscores=True)
            (seconds, _micro), nodes = await pipeline.execute()
        beats = [(node, beat < seconds - GONE_AFTER) for node, beat in nodes]
        self._beat_at |= {node: monotonic() for node, late in beats if not late}
        return beats

    def lately(self) -> set[str]:
        """Return the nodes that were listed lately, whatever Redis may have forgotten since."""
        since = monotonic() - GONE_AFTER
        self._beat_at = {node: at for node, at in self._beat_at.items() if at >= since}
        return set(self._beat_at)

    async def is_online(self, user_id: int) -> bool:
        return bool(await self._of_user(user_id))

    async def connections(self, user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
        """Return the connections of a user, in a group, or all.

        :raises GatewayUnreachable: when Redis does not answer.
        """
        found = await (self._everybody() if user_id is None else guarded(self._of_user, user_id))
        return [one for one in found if group is None or group in one["groups"]]

    async def others(self, command: Command) -> set[str]:
        """Return the other nodes that will answer a command that is put as a question."""
        live = await self.live()
        return live & command.nodes() if command.ids else live

    async def _of_user(self, user_id: int) -> list[ConnectionInfo]:
        live = await self.live()
        ids = [one for one in await self.redis.smembers(self.key("user", user_id)) if one.partition("-")[0] in live]
        return await self._about(ids)

    async def _about(self, ids: list[str]) -> list[ConnectionInfo]:
        async with self.redis.pipeline(transaction=False) as pipeline:
            for one in ids:
                pipeline.hget(self.key("connections", one.partition("-")[0]), one)
            return [json.loads(text) for text in await pipeline.execute() if text]

    async def _everybody(self) -> list[ConnectionInfo]:
        found: list[ConnectionInfo] = []
        for node in sorted(await guarded(self.live)):
            found += await self._of_node(node)
        return found

    async def _of_node(self, node: str) -> list[ConnectionInfo]:
        """Return a node's connections, read in pieces: what else the loop has to do waits for one piece at most."""
        found: dict[str, ConnectionInfo] = {}  # a piece may bring what another brought
        read = partial(self.redis.hscan, self.key("connections", node), count=PIECE)
        cursor, more = 0, True
        while more:
            cursor, piece = await guarded(read, cursor)
            found.update((name, json.loads(text)) for name, text in piece.items())
            more = cursor != 0
        return list(found.values())

    async def count(self, group: str) -> int:
        return sum((await self._counts(group)).values())

    async def _counts(self, group: str) -> dict[str, int]:
        counts, live = await self.redis.hgetall(self.key("group", group)), await self.live()
        return {node: int(number) for node, number in counts.items() if node in live}

    async def users_online(self) -> int:
        """Return how many users have a connection; Redis counts, as there may be many."""
        live = sorted(await self.live())
        if not live:
            return 0
        everywhere = self.key("users")
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.sunionstore(everywhere, [self.key("users", node) for node in live])
            pipeline.expire(everywhere, COUNTED_SECONDS)
            number, _kept = await pipeline.execute()
        return int(number)

    async def nodes(self) -> list[NodeInfo]:
        live = sorted(await self.live())
        texts = await self.redis.mget([self.key("node", one) for one in live]) if live else []
        return [json.loads(text) for text in texts if text]
