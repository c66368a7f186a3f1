"""Asking Redis from an event loop: no thread is taken, and what waits to be asked travels together.

A question by itself costs half of what it costs in a thread; of many that come at once, when many sockets open, a tenth.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as Disconnected

TICKS, TICK_SECONDS = 10, 0.1
"""How long a round trip may take, in turns of the loop: one that is busy comes late to read what was answered in time."""
TOGETHER = 100
"""Questions of one round trip."""

Watching = Callable[[], AbstractContextManager[None]]
Question = tuple[tuple[str, ...], "asyncio.Future[str | None]"]


class Asker:
    """Asks one Redis for one event loop. `watching` is entered around each round trip."""

    def __init__(self, url: str, watching: Watching) -> None:
        self._watching = watching
        # of a pool only its reading of the URL: to borrow from one, or to fill a pipeline, costs as much as the question
        pool: Any = ConnectionPool.from_url(url, decode_responses=True)
        self._line = pool.make_connection()
        self._waiting: deque[Question] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, *command: str) -> str | None:
        """Return what Redis answers; what it, or `watching`, raises is raised."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        self._waiting.append((command, answer))
        if self._task is None or self._task.done():
            # a context of its own: it works for many who ask, not for the one that came first
            self._task = loop.create_task(self._work(), name="cache-asker", context=Context())
        return await answer

    async def close(self) -> None:
        """Leave; the next question opens a line again."""
        await self._line.disconnect()

    async def _work(self) -> None:
        while self._waiting:
            questions = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            try:
                with self._watching():
                    answers = await self._round_trip([command for command, _answer in questions])
            except Exception as problem:  # noqa: BLE001 (whoever asked is told, whatever it is)
                for _command, answer in questions:
                    if not answer.done():
                        answer.set_exception(problem)
            else:
                for (_command, answer), text in zip(questions, answers, strict=True):
                    if not answer.done():
                        answer.set_result(text)

    async def _round_trip(self, commands: list[tuple[str, ...]]) -> list[str | None]:
        was_open = self._line.is_connected
        try:
            return await self._put(commands)
        except Disconnected:
            if not was_open:
                raise
            # Redis had closed the line in the meantime; a ticket that was taken then counts as taken
            return await self._put(commands)

    async def _put(self, commands: list[tuple[str, ...]]) -> list[str | None]:
        line = self._line
        try:
            async with _patience():
                await line.connect()
                await line.send_packed_command(line.pack_commands(commands))
                return [await line.read_response() for _ in commands]
        except BaseException:
            await line.disconnect(nowait=True)  # what is still to come would be taken for the next answers
            raise


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """`asyncio.timeout`, by a clock that stands still while the loop is busy."""
    loop = asyncio.get_running_loop()
    clock: asyncio.TimerHandle
    async with asyncio.timeout(None) as limit:

        def tick(left: int) -> None:
            nonlocal clock
            if left:
                clock = loop.call_later(TICK_SECONDS, tick, left - 1)
            else:
                limit.reschedule(loop.time())

        clock = loop.call_later(TICK_SECONDS, tick, TICKS - 1)
        try:
            yield
        finally:
            clock.cancel()


_askers: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Asker]]" = WeakKeyDictionary()


def asker(url: str, watching: Watching) -> Asker:
    """Return the running event loop's own asker of the Redis at `url`."""
    of_loop = _askers.setdefault(asyncio.get_running_loop(), {})
    if url not in of_loop:
        of_loop[url] = Asker(url, watching)
    return of_loop[url]


async def leave() -> None:
    """Close the lines of the running event loop, before it ends."""
    for one in _askers.pop(asyncio.get_running_loop(), {}).values():
        await one.close()
