"""Django's cache backends over a store: one whose errors are misses, one whose errors are raised.

Values are JSON in every adapter, in memory too: what works on a laptop works on three nodes.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import Any, ClassVar, TypeVar

import structlog
from asgiref.sync import sync_to_async
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from redis.exceptions import RedisError

from project.core import breaker
from project.core.cache.redis import RedisStateStore
from project.core.cache.stores import Store, open_store
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)
T = TypeVar("T")
PROBLEMS = (RedisError, OSError)
MISSING = object()


class StoreCache(BaseCache):
    """A Django cache whose LOCATION is one URL."""

    role: ClassVar[str]

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.store = open_store(location, self.role)
        remote = self.store.waits and not location.startswith("file")
        how: dict[str, Any] = {"concurrent": 10_000, "volume": 5, "sleep": 2.0}
        self._breaker = breaker.named(f"redis-{self.role}", **how) if remote else None
        # a loop that is busy takes its time, which says nothing of the store
        self._breaker_of_loops = breaker.named(f"redis-{self.role}-loop", timeout=30.0, **how) if remote else None

    def guarded(self, action: Callable[..., T], *args: Any, otherwise: T, **kwargs: Any) -> T:
        """Do `action`; what happens when the store fails is the subclass's to say."""
        raise RuntimeError(f"{type(self).__name__} says nothing about failures")

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._decoded(self.guarded(self.store.get, self._name(key, version), otherwise=None), default)

    def text(self, key: str) -> str | None:
        """What is kept, as the JSON it is kept as."""
        return self.guarded(self.store.get, self._name(key, None), otherwise=None)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = {self._name(key, version): key for key in keys}
        nothing: dict[str, str] = {}
        found = self.guarded(self.store.get_many, list(names), otherwise=nothing)
        return {names[name]: json.loads(text) for name, text in found.items()}

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._put(key, value, timeout, version, only_new=False)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._put(key, value, timeout, version, only_new=True)

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        seconds = self._seconds(timeout)
        if seconds is not None and seconds <= 0:
            self.delete_many(data, version)
        elif data:
            texts = {self._name(key, version): encoded(key, value) for key, value in data.items()}
            self.guarded(self.store.set_many, texts, seconds, otherwise=None)
        return []

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self.guarded(self.store.delete, [self._name(key, version)], otherwise=0))

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        self.guarded(self.store.delete, [self._name(key, version) for key in keys], otherwise=0)

    def take(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Get and delete in one step: of many takers, one gets it."""
        return self._decoded(self.guarded(self.store.take, self._name(key, version), otherwise=None), default)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """:raises ValueError: when there is nothing to add to."""
        number = self.guarded(self.store.incr, self._name(key, version), delta, None, create=False, otherwise=None)
        if number is None:
            raise ValueError(f"Key {key!r} not found")
        return number

    def count(self, key: str, delta: int, timeout: float | None, version: int | None = None) -> int:
        """Add to a counter; the first to count makes it, and it lives for `timeout` seconds from then."""
        name = self._name(key, version)
        number = self.guarded(self.store.incr, name, delta, timeout, create=True, otherwise=None)
        return delta if number is None else number

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        seconds = self._seconds(timeout)
        if seconds is not None and seconds <= 0:
            return self.delete(key, version)
        return self.guarded(self.store.touch, self._name(key, version), seconds, otherwise=False)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self.get(key, MISSING, version) is not MISSING

    def clear(self) -> None:
        """:raises RuntimeError: on a shared Redis."""
        self.store.clear()

    async def in_thread(self, action: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Do `action` without holding up the loop: here when it waits for nothing, else in a thread of its own."""
        if not self.store.waits:
            return action(*args, **kwargs)
        return await sync_to_async(action, thread_sensitive=False)(*args, **kwargs)

    async def aget(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return await self.in_thread(self.get, key, default, version)

    async def aset(
        self,
        key: str,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 (Django's signature: a time to live)
        version: int | None = None,
    ) -> None:
        await self.in_thread(self.set, key, value, timeout, version)

    async def aadd(
        self,
        key: str,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 (Django's signature: a time to live)
        version: int | None = None,
    ) -> bool:
        return await self.in_thread(self.add, key, value, timeout, version)

    async def adelete(self, key: str, version: int | None = None) -> bool:
        return await self.in_thread(self.delete, key, version)

    def watching(self) -> AbstractContextManager[None]:
        return self._breaker.watching() if self._breaker else nullcontext()

    def watching_a_loop(self) -> AbstractContextManager[None]:
        """`watching`, for the event loop."""
        return self._breaker_of_loops.watching() if self._breaker_of_loops else nullcontext()

    def _put(self, key: str, value: Any, timeout: Any, version: int | None, *, only_new: bool) -> bool:
        seconds = self._seconds(timeout)
        name = self._name(key, version)
        if seconds is not None and seconds <= 0:
            if not only_new:
                self.guarded(self.store.delete, [name], otherwise=0)
            return False
        return self.guarded(self.store.set, name, encoded(key, value), seconds, only_new=only_new, otherwise=False)

    def _name(self, key: str, version: int | None) -> str:
        return str(self.make_key(key, version=version))

    def _seconds(self, timeout: Any) -> float | None:
        return self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout

    def _decoded(self, text: str | None, default: Any) -> Any:
        return default if text is None else json.loads(text)


class Cache(StoreCache):
    """Speed, not truth: while its store cannot be reached everything is a miss, and soon without waiting."""

    role = "cache"

    def guarded(self, action: Callable[..., T], *args: Any, otherwise: T, **kwargs: Any) -> T:
        try:
            with self.watching():
                return action(*args, **kwargs)
        except breaker.Open:
            return otherwise
        except (*PROBLEMS, breaker.Busy) as problem:
            log.warning("cache.missed", problem=type(problem).__name__)
            return otherwise


class StateCache(StoreCache):
    """Answers that must be right: while its store cannot be reached every call raises `Unreachable`."""

    role = "state"
    _failed_at: ClassVar[dict[Store, float]] = {}

    def failed_within(self, seconds: float) -> bool:
        """Has a call from this process failed so recently?"""
        return time.monotonic() - self._failed_at.get(self.store, -inf) < seconds

    def guarded(self, action: Callable[..., T], *args: Any, otherwise: T, **kwargs: Any) -> T:
        try:
            with self.watching():
                return action(*args, **kwargs)
        except PROBLEMS as problem:
            raise self._failed(problem) from problem

    async def atext(self, key: str) -> str | None:
        """`text`, for the event loop: Redis is asked without a thread."""
        if not isinstance(self.store, RedisStateStore):
            return await self.in_thread(self.text, key)
        try:
            return await self.store.aget(self._name(key, None), self.watching_a_loop)
        except PROBLEMS as problem:
            raise self._failed(problem) from problem

    async def atake(self, key: str, default: Any = None) -> Any:
        """`take`, for the event loop: Redis is asked without a thread."""
        if not isinstance(self.store, RedisStateStore):
            return await self.in_thread(self.take, key, default)
        try:
            return self._decoded(await self.store.atake(self._name(key, None), self.watching_a_loop), default)
        except PROBLEMS as problem:
            raise self._failed(problem) from problem

    def _failed(self, problem: Exception) -> Unreachable:
        self._failed_at[self.store] = time.monotonic()
        log.warning("state.unreachable", problem=type(problem).__name__)
        return Unreachable()


def encoded(key: str, value: Any) -> str:
    """:raises TypeError: for a value that is not plain JSON."""
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError as problem:
        raise TypeError(f"the cache keeps plain JSON; the value of {key!r} is not: {problem}") from None
