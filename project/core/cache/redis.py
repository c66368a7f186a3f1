"""Kept in a Redis that other nodes, and other programs, share: so nothing here flushes it, and nothing is pickled.

Every call is bounded by 0.3 s to connect and 0.3 s to be answered. A connection that Redis closed in the meantime is
replaced once; nothing else is tried twice.
"""

from collections.abc import Iterable
from typing import Any, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

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
        self._prefix = prefix
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


def connect(url: str, **options: Any) -> "redis.Redis":
    """Open a bounded pool; no connection is made before the first call."""
    options = {"socket_timeout": CALL_SECONDS, "socket_connect_timeout": CALL_SECONDS} | options
    pool = redis.BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        max_connections=settings.REDIS_POOL_SIZE,
        timeout=CALL_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        **options,
    )
    return redis.Redis(connection_pool=pool)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, int(seconds * 1000))
