"""Kept in this process: the default. Bounded; what was used longest ago goes first."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping


class MemoryStore:
    """A dictionary with expiry, safe for threads; no operation waits for anything but its lock."""

    waits = False

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._entries: OrderedDict[str, tuple[str, float | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        with self._lock:
            return self._read(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, str]:
        with self._lock:
            return {key: text for key in keys if (text := self._read(key)) is not None}

    def set(self, key: str, text: str, seconds: float | None, *, only_new: bool = False) -> bool:
        with self._lock:
            if only_new and self._read(key) is not None:
                return False
            self._write(key, text, self._until(seconds))
            return True

    def set_many(self, texts: Mapping[str, str], seconds: float | None) -> None:
        with self._lock:
            for key, text in texts.items():
                self._write(key, text, self._until(seconds))

    def delete(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._read(key) is not None and self._entries.pop(key, None) is not None for key in keys)

    def take(self, key: str) -> str | None:
        with self._lock:
            text = self._read(key)
            self._entries.pop(key, None)
            return text

    def incr(self, key: str, by: int, seconds: float | None, *, create: bool) -> int | None:
        with self._lock:
            text = self._read(key)
            if text is None and not create:
                return None
            number = int(text or 0) + by
            self._write(key, str(number), self._until(seconds) if text is None else self._entries[key][1])
            return number

    def touch(self, key: str, seconds: float | None) -> bool:
        with self._lock:
            text = self._read(key)
            if text is None:
                return False
            self._write(key, text, self._until(seconds))
            return True

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def purge(self) -> None:
        """Drop what has expired."""
        now = self._clock()
        with self._lock:
            for key in [key for key, (_text, until) in self._entries.items() if until is not None and until <= now]:
                del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    def _read(self, key: str) -> str | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        text, until = entry
        if until is not None and until <= self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return text

    def _write(self, key: str, text: str, until: float | None) -> None:
        self._entries[key] = (text, until)
        self._entries.move_to_end(key)
        while len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def _until(self, seconds: float | None) -> float | None:
        return None if seconds is None else self._clock() + seconds
