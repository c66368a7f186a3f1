"""A small tier in this process, in front of a shared Redis, for keys declared `local=True`.

How stale may it get? A value changed or forgotten through `project.core.cache` is dropped in every process as soon as
Redis delivers the message (milliseconds). While a process does not hear Redis it keeps nothing: the tier is emptied
when the connection breaks, and a connection that died in silence is noticed within 4 s. A copy lives for at most
5 minutes, and may outlive the shared one's own expiry by that much. So nothing that guards access is declared local.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from project.core.cache.memory import MemoryStore
from project.core.cache.redis import connect
from project.core.redis_url import database

log = structlog.get_logger(__name__)
LIMIT = 5_000
COPY_SECONDS = 300
PURGE_SECONDS = 600
PING_SECONDS = 1.0
SILENCE_SECONDS = 4.0


class LocalTier:
    """Copies of shared values, with a thread that listens for changes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._copies = MemoryStore(LIMIT)
        self._listening = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._changes = 0
        self._publisher = connect(url)
        # Redis' channels know no databases: without its number two installations would hear each other
        self.channel = f"{settings.REDIS_PREFIX}:cache:{database(url)}:changed"

    def hears(self) -> bool:
        """Do changes reach this process just now?"""
        return self._listening.is_set()

    def read(self, key: str, load: Callable[[], str | None], seconds: float | None) -> str | None:
        """Return the copy of `key`; else what `load` finds, keeping a copy unless something changed meanwhile."""
        self._listen()
        if not self.hears():
            return load()
        copy = self._copies.get(key)
        if copy is not None:
            return copy
        changes = self._changes
        text = load()
        if text is not None and self.hears() and changes == self._changes:
            self._copies.set(key, text, COPY_SECONDS if seconds is None else min(seconds, COPY_SECONDS))
        return text

    def changed(self, key: str) -> None:
        """Drop the copies of `key` here and everywhere."""
        self._drop(key)
        try:
            self._publisher.publish(self.channel, key)
        except (RedisError, OSError) as problem:
            log.warning("cache.change_not_told", problem=type(problem).__name__)

    def _drop(self, key: str) -> None:
        self._changes += 1
        self._copies.delete([key])

    def _drop_all(self) -> None:
        self._changes += 1
        self._copies.clear()

    def _listen(self) -> None:
        if self._thread is not None and self._pid == os.getpid():
            return
        with self._lock:
            if self._thread is None or self._pid != os.getpid():  # a forked worker has no thread yet
                self._listening.clear()
                self._drop_all()
                self._pid = os.getpid()
                self._thread = threading.Thread(target=self._run, name="cache-changes", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self._hear()
            except (RedisError, OSError, ValueError) as problem:
                if self.hears():
                    log.warning("cache.not_listening", problem=type(problem).__name__)
            finally:
                self._listening.clear()
                self._drop_all()
            time.sleep(1)

    def _hear(self) -> None:
        with connect(self._url, socket_timeout=SILENCE_SECONDS).pubsub() as ear:  # type: ignore[no-untyped-call]  # redis-py's own gap
            ear.subscribe(self.channel)
            heard = pinged = purged = time.monotonic()
            while True:
                message: dict[str, Any] | None = ear.get_message(timeout=PING_SECONDS)
                now = time.monotonic()
                if message is not None:
                    heard = now
                    self._take_in(message)
                if now - heard > SILENCE_SECONDS:
                    raise TimeoutError("Redis has fallen silent")
                if now - pinged >= PING_SECONDS:
                    pinged = now
                    ear.ping()
                if now - purged >= PURGE_SECONDS:
                    purged = now
                    self._copies.purge()

    def _take_in(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._drop_all()
            self._listening.set()
        elif message["type"] == "message":
            self._drop(str(message["data"]))


_tiers: dict[str, LocalTier] = {}
_tiers_lock = threading.Lock()


def tier(url: str) -> LocalTier:
    """Return this process's tier in front of the Redis at `url`."""
    with _tiers_lock:
        return _tiers[url] if url in _tiers else _tiers.setdefault(url, LocalTier(url))
