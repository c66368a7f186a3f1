"""The queues as a part of a serving node: started and stopped with it, read on its event loop."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings

from realtime import cluster
from realtime.ending import end
from realtime.queue import rabbit
from realtime.queue.dead import Arrived
from realtime.queue.delivery import Delivery
from realtime.queue.rabbit import Rabbit
from realtime.queue.stream import Stream

if TYPE_CHECKING:
    from realtime.cluster import Node


class Queues:
    """A node's readers, as far as there are queues: the Redis Stream, and RabbitMQ's."""

    def __init__(self, node: "Node") -> None:
        self.delivery = Delivery(node)
        self.loop = node.loop
        wanted = settings.GATEWAY_QUEUE
        self.stream = Stream(node.id, self.delivery) if wanted and cluster.shared() else None
        self.rabbit = Rabbit(self._take) if wanted and rabbit.is_there() else None
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Read, once clients had a moment to come back: what is delivered to nobody is gone."""
        if self.stream or self.rabbit:
            self._task = asyncio.create_task(self._read(), name="gateway-queues")

    async def stop(self) -> None:
        """Finish what was begun and let another node read; safe to repeat."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        self.delivery.is_closing = True
        await end(self._task)
        if self.rabbit:
            await asyncio.to_thread(self.rabbit.stop)
        if self.stream:
            await self.stream.close()

    def info(self) -> dict[str, Any]:
        """What became of messages here, in figures, and whether this is the node that reads."""
        reading = any(one.reading for one in (self.stream, self.rabbit) if one)
        return self.delivery.info() | {"queue_reading": reading}

    async def _read(self) -> None:
        await asyncio.sleep(settings.GATEWAY_QUEUE_GRACE)
        await self.delivery.begin()
        if self.rabbit:
            self.rabbit.start()
        if self.stream:
            await self.stream.run()

    def _take(self, arrived: Sequence[Arrived]) -> set[int]:
        """What RabbitMQ's thread calls."""
        return asyncio.run_coroutine_threadsafe(self._take_in_touch(arrived), self.loop).result()

    async def _take_in_touch(self, arrived: Sequence[Arrived]) -> set[int]:
        breaks = await self.delivery.in_touch()
        return await self.delivery.take("rabbitmq", arrived, breaks)


cluster.PARTS.append(Queues)
