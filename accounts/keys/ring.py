"""The keys as a process knows them: read again once in a while, and when a token names one that it does not know."""

import threading
import time
from collections.abc import Callable, Iterable

import structlog
from django.db import DatabaseError

from accounts.keys.key import Key
from accounts.keys.times import RELOAD_SECONDS

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Tokens that name unknown keys make this process read the keys at most once in this time …"""
UNKNOWN_SECONDS = 10.0
"""… and the same name once in this one: anybody may make names up."""


class Ring:
    """What `read` answers, kept; for any thread."""

    def __init__(self, read: Callable[[], Iterable[Key]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._loaded_at = self._looked_at = float("-inf")
        self._unknown: dict[str, float] = {}
        """Names that were looked for in vain, and until when nobody looks again."""

    def keys(self) -> dict[str, Key]:
        """The keys, read again once in a while; while one thread does, the others go on with what is known."""
        if self._is_old() and self._lock.acquire(blocking=not self._keys):
            try:
                if self._is_old():
                    self._reload()
            finally:
                self._lock.release()
        return self._keys

    def read_now(self) -> dict[str, Key]:
        """The keys as they are at this moment."""
        with self._lock:
            self._reload()
            return self._keys

    def find(self, kid: str) -> Key | None:
        """The key `kid`, known for long or only since another node made it a moment ago."""
        return self.keys().get(kid) or self._looked_for(kid)

    def forget(self) -> None:
        """Know nothing."""
        with self._lock:
            self._loaded_at = self._looked_at = float("-inf")
            self._keys, self._unknown = {}, {}

    def _is_old(self) -> bool:
        return self._clock() - self._loaded_at > RELOAD_SECONDS

    def _looked_for(self, kid: str) -> Key | None:
        if self._unknown.get(kid, 0.0) > self._clock():
            return None
        with self._lock:
            now = self._clock()
            if kid not in self._keys and now - self._looked_at >= LOOK_SECONDS:
                self._reload()
                self._looked_at = now
                self._unknown = {name: until for name, until in self._unknown.items() if until > now}
                if kid not in self._keys:
                    self._unknown[kid] = now + UNKNOWN_SECONDS
            return self._keys.get(kid)

    def _reload(self) -> None:
        try:
            self._keys = {key.kid: key for key in self._read()}
        except (DatabaseError, OSError) as problem:
            # who signed in with a known key stays in while the table cannot be read
            if not self._keys:
                raise
            log.warning("keys.not_reloaded", problem=str(problem))
        self._loaded_at = self._clock()
