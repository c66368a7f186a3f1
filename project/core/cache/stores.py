"""Where a cache keeps things: one URL chooses the adapter."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from project.core.cache.files import FileStore
from project.core.cache.memory import MemoryStore
from project.core.cache.redis import RedisStateStore, RedisStore
from project.core.redis_url import SCHEMES

MEMORY_LIMITS = {"cache": 10_000, "state": 200_000}


class Store(Protocol):
    """What an adapter can do. `seconds` None = for ever; every method is one atomic step, `set_many` one for each key."""

    waits: bool
    """Does a call leave the process, so that a coroutine must not make it in its loop?"""

    def get(self, key: str) -> str | None: ...
    def get_many(self, keys: Iterable[str]) -> dict[str, str]: ...
    def set(self, key: str, text: str, seconds: float | None, *, only_new: bool = False) -> bool: ...
    def set_many(self, texts: Mapping[str, str], seconds: float | None) -> None: ...
    def delete(self, keys: Iterable[str]) -> int: ...
    def take(self, key: str) -> str | None: ...
    def incr(self, key: str, by: int, seconds: float | None, *, create: bool) -> int | None: ...
    def touch(self, key: str, seconds: float | None) -> bool: ...
    def clear(self) -> None: ...


_stores: dict[tuple[str, str], Store] = {}
_lock = threading.Lock()


def open_store(url: str, role: str) -> Store:
    """Return this process's store at `url` for `role` ("cache" or "state": they never meet).

    :raises ImproperlyConfigured: for an adapter we do not have.
    """
    with _lock:
        if (url, role) not in _stores:
            _stores[url, role] = _make(url, role)
        return _stores[url, role]


def check(url: str) -> str:
    """Return the adapter of `url`.

    :raises ImproperlyConfigured: when there is none; nothing is ever put into memory instead.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("memory", "file", *SCHEMES):
        known = "memory://, file:///folder, redis://host:6379/0, rediss://…, unix://…"
        raise ImproperlyConfigured(f"CACHE_URL: there is no cache adapter {parts.scheme!r}; expected one of {known}")
    if parts.scheme == "file" and (parts.netloc or len(parts.path) < 2):
        raise ImproperlyConfigured(
            "CACHE_URL: the file adapter needs an absolute folder, for example file:///var/cache/gatehouse"
        )
    return parts.scheme


def _make(url: str, role: str) -> Store:
    scheme = check(url)
    if scheme == "memory":
        return MemoryStore(MEMORY_LIMITS[role])
    if scheme == "file":
        return FileStore(Path(unquote(urlsplit(url).path)) / role)
    kind = RedisStateStore if role == "state" else RedisStore
    return kind(url, f"{settings.REDIS_PREFIX}:{role}:")
