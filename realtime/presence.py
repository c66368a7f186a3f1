"""A node's own part of the directory in Redis, kept up to date.

A beat writes all of it again, so a flushed Redis is full again within one.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from random import uniform
from typing import Any, TypeVar

from project.core.redis_lines import between_nodes
from realtime.commands import Command
from realtime.core.connection import AUTOMATIC, EVERYONE, Connection, ConnectionInfo
from realtime.core.hub import Hub
from realtime.directory import BEAT_SECONDS, GONE_AFTER, NodeInfo, RedisDirectory, described
from realtime.ending import end
from realtime.link import FAILURES, PAUSES

log = logging.getLogger(__name__)
Item = TypeVar("Item")

CHUNK = 100
"""So many connections are written in one go: reading Redis' answers keeps the sockets of this node waiting."""
WRITTEN_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How soon a Redis that was away is told again who is here."""


class RedisPresence(RedisDirectory):
    """The directory as a node asks it: about itself its hub answers."""

    def __init__(self, url: str, prefix: str, pool_size: int, hub: Hub, about: Callable[[], NodeInfo]) -> None:
        super().__init__(url, prefix, pool_size)
        self.hub, self.about = hub, about
        self._changed: dict[str, Connection] = {}
        self._gone: dict[str, int] = {}
        self._resized: set[str] = set()
        self._users: dict[str, int] = {}
        """Under which user each connection is listed in Redis."""
        self._away = False
        """Redis did not take what was written last."""
        self._work = asyncio.Event()
        self._written: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="gateway-presence")

    async def stop(self) -> None:
        """Leave the directory."""
        await end(self._task)
        try:
            await self._bury(self.hub.node)
            await self.close()
        except FAILURES:
            log.info("The directory of who is online was left without saying so; it will notice.")

    def resized(self, group: str) -> None:
        if group != EVERYONE and not group.startswith(AUTOMATIC):
            self._resized.add(group)
            self._work.set()

    def changed(self, connection: Connection) -> None:
        self._changed[connection.id] = connection
        self._work.set()

    def gone(self, connection: Connection) -> None:
        self._changed.pop(connection.id, None)
        self._gone[connection.id] = connection.user_id
        self._work.set()

    async def written(self) -> None:
        """Wait until what changed so far can be read by others; not for long, nor for a Redis known to be away."""
        if not self._away and (self._changed or self._gone or self._resized):
            waiter = asyncio.get_running_loop().create_future()
            self._written.append(waiter)
            await asyncio.wait({waiter}, timeout=WRITTEN_SECONDS)

    async def is_online(self, user_id: int) -> bool:
        return bool(self.hub.groups.get(f"user.{user_id}")) or await super().is_online(user_id)

    async def connections(self, user_id: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
        here = await described(self.hub.find(user_id=user_id, group=group))
        elsewhere = await super().connections(user_id, group)
        return here + [one for one in elsewhere if one["node"] != self.hub.node]

    async def _of_node(self, node: str) -> list[ConnectionInfo]:
        return [] if node == self.hub.node else await super()._of_node(node)

    async def count(self, group: str) -> int:
        counts = await self._counts(group) | {self.hub.node: len(self.hub.groups.get(group, ()))}
        return sum(counts.values())

    async def others(self, command: Command) -> set[str]:
        if command.ids and command.nodes() == {self.hub.node}:
            return set()
        return await super().others(command) - {self.hub.node}

    async def nodes(self) -> list[NodeInfo]:
        elsewhere = await super().nodes()
        return [self.about(), *(one for one in elsewhere if one["id"] != self.hub.node)]

    # keeping it

    async def _keep(self) -> None:
        next_beat, lines = 0.0, 0
        while True:
            try:
                # a Redis that was away may have forgotten all
                if self.hub.clock() >= next_beat or between_nodes.opened != lines:
                    lines = between_nodes.opened
                    await self._beat()
                    next_beat = self.hub.clock() + BEAT_SECONDS
                if self._away:
                    self._away = False
                    log.info("The other nodes are told who is online again.")
                await self._write_changes()
                try:
                    async with asyncio.timeout(min(LOOK_SECONDS, max(0.01, next_beat - self.hub.clock()))):
                        await self._work.wait()
                except TimeoutError:
                    continue
            except FAILURES as problem:
                if not self._away:
                    self._away = True
                    name = type(problem).__name__
                    log.warning("Who is online cannot be told to the other nodes (%s: %s).", name, problem)
                next_beat = 0.0
                await asyncio.sleep(PAUSES[-1] * uniform(0.5, 1.5))  # noqa: S311 (no secret)

    async def _beat(self) -> None:
        seconds, _micro = await self.redis.time()
        await self.redis.zadd(self.key("nodes"), {self.hub.node: seconds})
        await self.redis.set(self.key("node", self.hub.node), json.dumps(self.about()), ex=int(GONE_AFTER * 2))
        if self._away:
            await self.redis.delete(self.key("users", self.hub.node))  # some may have left unnoticed
        await self._write(self.hub.connections.values(), {})
        for group in list(self.hub.groups):
            self.resized(group)
        await self._forget_strangers()
        await self._bury_the_dead()

    async def _write_changes(self) -> None:
        self._work.clear()
        changed, self._changed = self._changed, {}
        gone, self._gone = self._gone, {}
        waiting, self._written = self._written, []
        resized, self._resized = self._resized, set()
        try:
            if changed or gone:
                await self._write(changed.values(), gone)
            if resized:
                await self._write_sizes(resized)
        finally:
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)

    async def _write(self, changed: Collection[Connection], gone: dict[str, int]) -> None:
        for some in _slices(list(changed)):
            await self._write_here(some)
        for names in _slices(list(gone)):
            await self._write_gone({name: gone[name] for name in names})

    async def _write_here(self, connections: Sequence[Connection]) -> None:
        mine, here = self.key("connections", self.hub.node), self.key("users", self.hub.node)
        async with self.redis.pipeline(transaction=False) as pipeline:
            for one in connections:
                if (listed := self._users.get(one.id, 0)) and listed != one.user_id:
                    self._unlist(pipeline, listed, one.id)
                if one.user_id:
                    pipeline.sadd(self.key("user", one.user_id), one.id)
                self._users[one.id] = one.user_id
            pipeline.hset(mine, mapping={one.id: json.dumps(one.info()) for one in connections})
            pipeline.expire(mine, 24 * 3600)
            if users := {one.user_id for one in connections} - {0}:
                pipeline.sadd(here, *users)
                pipeline.expire(here, 24 * 3600)
            await pipeline.execute()

    async def _write_gone(self, gone: dict[str, int]) -> None:
        async with self.redis.pipeline(transaction=False) as pipeline:
            for name, user_id in gone.items():
                for listed in {user_id, self._users.get(name, 0)} - {0}:
                    self._unlist(pipeline, listed, name)
            pipeline.hdel(self.key("connections", self.hub.node), *gone)
            await pipeline.execute()
        for name in gone:
            self._users.pop(name, None)

    def _unlist(self, pipeline: Any, user_id: int, name: str) -> None:
        """Take a connection from its user, and the user from this node if there is no other."""
        pipeline.srem(self.key("user", user_id), name)
        if not self.hub.groups.get(f"user.{user_id}"):
            pipeline.srem(self.key("users", self.hub.node), user_id)

    async def _write_sizes(self, groups: Iterable[str]) -> None:
        async with self.redis.pipeline(transaction=False) as pipeline:
            for group in groups:
                if size := len(self.hub.groups.get(group, ())):
                    pipeline.hset(self.key("group", group), self.hub.node, size)
                else:
                    pipeline.hdel(self.key("group", group), self.hub.node)
            await pipeline.execute()

    async def _forget_strangers(self) -> None:
        """Drop what a failed write left behind of connections that are gone."""
        listed = set(await self.redis.hkeys(self.key("connections", self.hub.node)))
        strangers = listed - self.hub.connections.keys() - self._changed.keys()
        if strangers:
            await self._write((), dict.fromkeys(strangers, 0))

    async def _bury_the_dead(self) -> None:
        for node, late in await self._beats():
            if late:
                await self._bury(node)

    async def _bury(self, node: str) -> None:
        for texts in _slices(await self.redis.hvals(self.key("connections", node))):
            async with self.redis.pipeline(transaction=False) as pipeline:
                for one in map(json.loads, texts):
                    if one["user_id"]:
                        pipeline.srem(self.key("user", one["user_id"]), one["id"])
                    for group in one["groups"]:
                        pipeline.hdel(self.key("group", group), node)
                await pipeline.execute()
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.delete(self.key("connections", node), self.key("users", node), self.key("node", node))
            pipeline.zrem(self.key("nodes"), node)
            await pipeline.execute()


def _slices(many: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(many), CHUNK):
        yield many[start : start + CHUNK]
