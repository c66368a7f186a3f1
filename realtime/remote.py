"""The way to the browsers from a process that serves none: a worker, a command, a shell.

A private event loop in a daemon thread, one per process (a fork makes its own), talks to Redis.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from channels.layers import get_channel_layer
from django.utils.translation import gettext_lazy as _

from project.core import breaker, redis_trouble
from realtime.cluster import directory_address, shared
from realtime.commands import Command
from realtime.errors import GatewayUnreachable
from realtime.link import FAILURES, TYPE
from realtime.presence import RedisDirectory

T = TypeVar("T")
NUMBERS: dict[str, Any] = {"timeout": 2.0, "concurrent": 10_000, "volume": 3, "sleep": 2.0}
"""Of the breaker: a Redis that hangs costs three calls two seconds each, then one call in two seconds."""
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
        threading.Thread(target=self.loop.run_forever, name="gateway-remote", daemon=True).start()

    def submit(self, ask: Callable[..., Awaitable[T]], *about: Any) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(guarded(ask, *about), self.loop)

    async def publish(self, command: Command) -> None:
        """Tell the nodes a command concerns."""
        layer: Any = get_channel_layer()
        body = {"type": TYPE, "from": "", **command.pack()}
        for route in command.routes():
            await layer.group_send(route, body)

    async def who(self) -> RedisDirectory:
        """Return the directory of who is online."""
        if self.directory is None:
            self.directory = RedisDirectory(*directory_address())
        return self.directory


async def guarded(ask: Callable[..., Awaitable[T]], *about: Any) -> T:
    """Ask something of Redis, but wait only for a moment, and do not ask at all while it is known to be ill.

    :raises GatewayUnreachable: when it does not answer; says why.
    """
    try:
        return await breaker.named("redis-gateway", **NUMBERS).acall(ask, *about)
    except (*FAILURES, breaker.Open) as problem:
        why = _("Redis does not answer ({problem}).").format(problem=redis_trouble.words(problem))
        raise GatewayUnreachable(why=why) from problem


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
