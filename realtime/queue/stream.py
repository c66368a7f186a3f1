"""The Redis Stream `{REDIS_PREFIX}:messages`: each entry has one field `message`, a letter as JSON.

One node reads at a time, so that the order is kept; the others stand by until its lease ends. All read as one consumer of
one group, so what a node that died had read and not finished is what the next one begins with. What is delivered is
acknowledged and deleted in one step: the stream holds what waits and nothing else, and nothing is ever cut from it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from random import uniform
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from project.core.cache.redis import connect
from realtime import guard
from realtime.ending import end
from realtime.errors import GatewayUnreachable
from realtime.queue.dead import Arrived
from realtime.queue.delivery import FAILURES, Delivery
from realtime.queue.lease import Lease
from realtime.queue.outage import Outage

log = logging.getLogger(__name__)
GROUP = READER = b"gateway"
FIELD = "message"
BATCH = 50
BLOCK_MS = 1000
CALL_SECONDS = 2.0
STAND_BY_SECONDS = 1.0
LEFT_SECONDS = 30.0
"""How long what no table would take stays on the stream before it is looked at again."""

Entries = list[tuple[bytes, dict[bytes, bytes]]]


def key() -> str:
    return f"{settings.REDIS_PREFIX}:messages"


def put(body: bytes) -> None:
    """Add a letter.

    :raises GatewayUnreachable: when Redis does not take it, or GATEWAY_QUEUE_MAX are waiting.
    """
    if not guard.asked(_added, body):
        raise GatewayUnreachable(why=_("the queue is full"))


def _added(body: bytes) -> bool:
    client: Any = connect(settings.CHANNEL_LAYER_URL, CALL_SECONDS)
    if client.xlen(key()) >= settings.GATEWAY_QUEUE_MAX:
        return False
    client.xadd(key(), {FIELD: body})
    return True


def backlog() -> tuple[int, float]:
    """Return how many messages wait, and how many seconds the oldest does.

    :raises RedisError, OSError: when Redis does not say.
    """
    client: Any = connect(settings.CHANNEL_LAYER_URL, CALL_SECONDS)
    length, oldest = client.xlen(key()), client.xrange(key(), count=1)
    if not oldest:
        return 0, 0.0
    put_at = int(oldest[0][0].partition("-")[0]) / 1000
    return int(length), max(0.0, time.time() - put_at)


class Stream:
    """A node's reader."""

    def __init__(self, node: str, delivery: Delivery) -> None:
        self.delivery, self.key = delivery, key()
        self.redis: Any = Redis.from_url(
            settings.CHANNEL_LAYER_URL,
            socket_timeout=CALL_SECONDS + BLOCK_MS / 1000,
            socket_connect_timeout=CALL_SECONDS,
            retry=Retry(NoBackoff(), 0),  # what a lost answer had brought must be read again, not the next
        )
        self.lease = Lease(self.redis, f"{self.key}:reader", node)
        self.reading = False
        self._outage = Outage(log, "The stream of messages")
        self._look_at_left: float | None = None

    async def run(self) -> None:
        """Read for ever, whenever no other node does."""
        while True:
            try:
                if await self.lease.take():
                    await self._read_while_ours()
                self._outage.over()
                await asyncio.sleep(STAND_BY_SECONDS * uniform(0.5, 1.5))  # noqa: S311 (no secret)
            except Exception as problem:  # noqa: BLE001 (a reader that ended would leave a node that looks well)
                self.delivery.is_in_doubt = True
                await asyncio.sleep(self._outage.met(problem, known=isinstance(problem, FAILURES)))

    async def close(self) -> None:
        """Let another node read at once."""
        with suppress(*FAILURES):
            await self.lease.give_back()
        await self.redis.aclose()

    async def _read_while_ours(self) -> None:
        keeping = asyncio.create_task(self.lease.keep(), name="gateway-queue-lease")
        try:
            await self._begin_with_what_was_left()
            self._outage.over()
            self.reading = True
            while not keeping.done():
                if self._look_at_left is not None and time.monotonic() > self._look_at_left:
                    await self._begin_with_what_was_left()
                if entries := await self._read(b">", count=BATCH, block=BLOCK_MS):
                    # now, not before: Redis may have been away while this waited, without anybody's noticing
                    breaks = await self.delivery.in_touch()
                    await _to_its_end(self._take(entries, breaks))
            await keeping
        finally:
            self.reading = False
            await end(keeping)

    async def _begin_with_what_was_left(self) -> None:
        """Go through what was read before and not finished; one by one, so that only what does harm is tried too often."""
        self._look_at_left = None
        last = b"0"
        while entries := await self._read(last, count=1):
            breaks = await self.delivery.in_touch()
            last = entries[0][0]
            (about,) = await self.redis.xpending_range(self.key, GROUP, last, last, 1) or [{"times_delivered": 1}]
            await _to_its_end(self._take(entries, breaks, about["times_delivered"]))

    async def _read(self, after: bytes, **how: Any) -> Entries:
        try:
            found = await self.redis.xreadgroup(GROUP, READER, {self.key: after}, **how)
        except ResponseError as problem:
            if "NOGROUP" not in str(problem):
                raise
            # from the beginning: what was put there before any node began is to be delivered too
            await self.redis.xgroup_create(self.key, GROUP, id="0", mkstream=True)
            return await self._read(after, **how)
        return found[0][1] if found else []

    async def _take(self, entries: Entries, breaks: int, attempts: int = 1) -> None:
        there = [(name, fields) for name, fields in entries if fields]  # without fields: somebody deleted it
        arrived = [Arrived(_body(fields), attempts) for _name, fields in there]
        left = await self.delivery.take("redis", arrived, breaks)
        if left:
            self._look_at_left = time.monotonic() + LEFT_SECONDS
        keep = {there[place][0] for place in left}
        if done := [name for name, _fields in entries if name not in keep]:
            async with self.redis.pipeline(transaction=True) as pipeline:
                pipeline.xack(self.key, GROUP, *done)
                pipeline.xdel(self.key, *done)
                await pipeline.execute()


def _body(fields: dict[bytes, bytes]) -> bytes:
    """Return an entry's letter; of one without, what a person should see."""
    return fields.get(FIELD.encode()) or b"\n".join(name + b": " + value for name, value in fields.items())


async def _to_its_end(taking: Awaitable[None]) -> None:
    """Finish what was begun, also when told to stop: what is delivered should be acknowledged."""
    task = asyncio.ensure_future(taking)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
