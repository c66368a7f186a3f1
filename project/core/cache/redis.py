"""Kept in a Redis that other nodes, and other programs, share: so nothing here flushes it, and nothing is pickled.

Every call is bounded by 0.3 s to connect and 0.3 s to be answered. A connection that Redis closed in the meantime is
replaced once; nothing else is tried twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

import redis
from django.conf import settings
from django_redis.pool import ConnectionFactory
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.core.cache.asking import Watching, asker

CALL_SECONDS = 0.3

INCREMENT = """
local there = redis.call('EXISTS', KEYS[1]) == 1
if not there and ARGV[3] == '0' then return false end
local number = redis.call('INCRBY', KEYS[1], ARGV[1])
if not there and ARGV[2] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return number
"""


class RedisStore:
    """One Redis database, under our prefix."""

    waits = True

    def __init__(self, url: str, prefix: str) -> None:
        self.url, self._prefix = url, prefix
        self.client = connect(url)
        self._increment = self.client.register_script(INCREMENT)

    def get(self, key: str) -> str | None:
        return cast("str | None", self.client.get(self._prefix + key))

    def get_many(self, keys: Iterable[str]) -> dict[str, str]:
        keys = list(keys)
        texts = cast("list[str | None]", self.client.mget([self._prefix + key for key in keys])) if keys else []
        return {key: text for key, text in zip(keys, texts, strict=True) if text is not None}

    def set(self, key: str, text: str, seconds: float | None, *, only_new: bool = False) -> bool:
        return bool(self.client.set(self._prefix + key, text, px=_milliseconds(seconds), nx=only_new))

    def set_many(self, texts: Mapping[str, str], seconds: float | None) -> None:
        with self.client.pipeline(transaction=False) as pipeline:
            for key, text in texts.items():
                pipeline.set(self._prefix + key, text, px=_milliseconds(seconds))
            pipeline.execute()

    def delete(self, keys: Iterable[str]) -> int:
        names = [self._prefix + key for key in keys]
        return cast("int", self.client.delete(*names)) if names else 0

    def take(self, key: str) -> str | None:
        return cast("str | None", self.client.getdel(self._prefix + key))

    def incr(self, key: str, by: int, seconds: float | None, *, create: bool) -> int | None:
        arguments = [by, _milliseconds(seconds) or "", int(create)]
        return cast("int | None", self._increment(keys=[self._prefix + key], args=arguments))

    def touch(self, key: str, seconds: float | None) -> bool:
        name = self._prefix + key
        milliseconds = _milliseconds(seconds)
        if milliseconds is None:
            return bool(self.client.persist(name)) or bool(self.client.exists(name))
        return bool(self.client.pexpire(name, milliseconds))

    def clear(self) -> None:
        raise RuntimeError("This Redis is shared: its keys expire by themselves, and nobody may clear it from here.")


class RedisStateStore(RedisStore):
    """Believes only a Redis that takes changes: another one could not have been told that something is over."""

    def get(self, key: str) -> str | None:
        # reads like GET, but a replica, or a server that takes no changes, refuses it
        return cast("str | None", self.client.getex(self._prefix + key))

    async def aget(self, key: str, watching: Watching) -> str | None:
        """`get`, for the event loop; `watching` is entered around the call."""
        return await asker(self.url, watching).ask("GETEX", self._prefix + key)

    async def atake(self, key: str, watching: Watching) -> str | None:
        """`take`, for the event loop; `watching` is entered around the call."""
        return await asker(self.url, watching).ask("GETDEL", self._prefix + key)


class Pools(ConnectionFactory):  # type: ignore[misc]  # django-redis ships no types
    """django-redis' pools, kept per server and time-out: who only listens waits longer than a request may."""

    _pools: ClassVar[dict[str, Any]] = {}

    def get_or_create_connection_pool(self, params: dict[str, Any]) -> Any:
        """Return the pool of these parameters, made at the first call."""
        key = f"{params['url']}|{params['socket_timeout']}"
        if key not in self._pools:
            self._pools[key] = self.get_connection_pool(params)
        return self._pools[key]


def connect(url: str, socket_timeout: float = CALL_SECONDS) -> "redis.Redis":
    """Return a client over a bounded pool; no connection is made before the first call."""
    options = {
        "SOCKET_TIMEOUT": socket_timeout,
        "SOCKET_CONNECT_TIMEOUT": CALL_SECONDS,
        "CONNECTION_POOL_CLASS": "redis.BlockingConnectionPool",
        "CONNECTION_POOL_KWARGS": {
            "decode_responses": True,
            "max_connections": settings.REDIS_POOL_SIZE,
            "timeout": CALL_SECONDS,
            "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        },
    }
    return cast("redis.Redis", Pools(options).connect(url))


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, int(seconds * 1000))
