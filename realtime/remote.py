"""The way to the browsers from a process that serves none: a worker, a command, a shell.

A private event loop in a daemon thread, one per process (a fork makes its own), talks to Redis.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from channels.layers import get_channel_layer
from django.utils.translation import gettext_lazy as _

from realtime.cluster import directory_address, shared
from realtime.commands import Command, node_route
from realtime.directory import RedisDirectory
from realtime.errors import GatewayUnreachable
from realtime.guard import guarded
from realtime.link import FAILURES, TYPE
from realtime.questions import ANSWER_SECONDS, Answers, Questions

T = TypeVar("T")
NO_REDIS = _(
    "no server runs in this process, and without Redis it cannot reach another. "
    "Set REDIS_URL (or CHANNEL_LAYER_URL) for all processes."
)


class Remote:
    """A process's private loop and what it keeps open."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.directory: RedisDirectory | None = None
        self.id = f"ask{secrets.token_hex(6)}"
        self.questions = Questions(self.id)
        self._reader: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        threading.Thread(target=self.loop.run_forever, name="gateway-remote", daemon=True).start()

    def submit(self, ask: Callable[..., Awaitable[T]], *about: Any) -> "Future[T]":
        async def answer() -> T:
            return await ask(*about)

        return asyncio.run_coroutine_threadsafe(answer(), self.loop)

    async def publish(self, command: Command) -> None:
        """Tell the nodes a command concerns.

        :raises GatewayUnreachable: when Redis does not take it.
        """
        await guarded(self._publish, command)

    async def _publish(self, command: Command) -> None:
        layer: Any = get_channel_layer()
        body = {"type": TYPE, "from": "", **command.pack()}
        for route in command.routes():
            await layer.group_send(route, body)

    async def ask_nodes(self, command: Command, seconds: float = ANSWER_SECONDS) -> Answers:
        """Have a command carried out by the nodes it concerns; return what came of it on each."""
        awaited = await guarded(self.who().others, command)
        await guarded(self._listen)
        asked = self.questions.open(command, awaited)
        await self.publish(asked)
        answers = await self.questions.answers(asked, seconds)
        if answers.silent and self._reader:  # the line may be at fault: the next question opens another
            self._reader.cancel()
        return answers

    async def _listen(self) -> None:
        async with self._opening:
            if self._reader is None or self._reader.done():
                await self._open()

    async def _open(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel("gateway.")
        await layer.group_add(node_route(self.id), channel)
        self._reader = asyncio.create_task(self._read(layer, channel), name="gateway-answers")

    async def _read(self, layer: Any, channel: str) -> None:
        with suppress(*FAILURES):
            while True:
                body = await layer.receive(channel)
                if "answer" in body:
                    self.questions.answered(body["answer"], body["from"], body["value"])

    def who(self) -> RedisDirectory:
        """Return the directory of who is online."""
        if self.directory is None:
            self.directory = RedisDirectory(*directory_address())
        return self.directory


_lock = threading.Lock()
_remote: Remote | None = None


def remote() -> Remote:
    """Return this process's way out.

    :raises GatewayUnreachable: when there is none.
    """
    global _remote
    if not shared():
        raise GatewayUnreachable(why=NO_REDIS)
    with _lock:
        if _remote is None or _remote.pid != os.getpid():
            _remote = Remote()
        return _remote


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
