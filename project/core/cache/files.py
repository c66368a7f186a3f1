"""Kept in a folder: several processes of one machine share it, and it survives a restart.

One JSON file per key, named by the key's hash, written beside and renamed, so a reader sees the old or the new content
and never half of it. What must be atomic over several steps (add, take, incr) holds one of the folder's lock files.
Nothing in the folder is executed or unpickled, whoever wrote it.
"""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

LOCKS = 64
SWEEP_SECONDS = 600


class FileStore:
    """A folder with expiry, safe for threads and processes."""

    waits = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept_at = time.time()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def get(self, key: str) -> str | None:
        entry = self._read(key)
        if entry is None and self._path(key).exists():
            with self._locked(key):  # somebody may be writing a fresh one just now
                entry = self._read(key)
                if entry is None:
                    self._path(key).unlink(missing_ok=True)
        return entry[0] if entry else None

    def get_many(self, keys: Iterable[str]) -> dict[str, str]:
        return {key: text for key in keys if (text := self.get(key)) is not None}

    def set(self, key: str, text: str, seconds: float | None, *, only_new: bool = False) -> bool:
        with self._locked(key):
            if only_new and self._read(key):
                return False
            self._write(key, text, _until(seconds))
        self._sweep_now_and_then()
        return True

    def set_many(self, texts: Mapping[str, str], seconds: float | None) -> None:
        for key, text in texts.items():
            self.set(key, text, seconds)

    def delete(self, keys: Iterable[str]) -> int:
        return sum(self.take(key) is not None for key in keys)

    def take(self, key: str) -> str | None:
        with self._locked(key):
            entry = self._read(key)
            self._path(key).unlink(missing_ok=True)
            return entry[0] if entry else None

    def incr(self, key: str, by: int, seconds: float | None, *, create: bool) -> int | None:
        with self._locked(key):
            entry = self._read(key)
            if entry is None and not create:
                return None
            number = (int(entry[0]) if entry else 0) + by
            self._write(key, str(number), entry[1] if entry else _until(seconds))
            return number

    def touch(self, key: str, seconds: float | None) -> bool:
        with self._locked(key):
            entry = self._read(key)
            if entry is None:
                return False
            self._write(key, entry[0], _until(seconds))
            return True

    def clear(self) -> None:
        for path in self._folder.glob("*/*.json"):
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.json"

    def _read(self, key: str) -> tuple[str, float | None] | None:
        """Return what is kept and until when; None when nothing is, or no more."""
        try:
            kept = json.loads(self._path(key).read_text(encoding="utf-8"))
            text, until = kept["text"], kept["until"]
            if kept["key"] == key and isinstance(text, str) and (until is None or until > time.time()):
                return text, until
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            pass  # not written by us, or torn by a full disk: as good as expired
        return None

    def _write(self, key: str, text: str, until: float | None) -> None:
        path = self._path(key)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump({"key": key, "until": until, "text": text}, file)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        number = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % LOCKS
        with (self._folder / f".lock{number}").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep_now_and_then(self) -> None:
        now = time.time()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        for path in self._folder.glob("*/*"):
            with suppress(OSError, ValueError, TypeError, KeyError):
                if path.suffix == ".json":
                    until = json.loads(path.read_text(encoding="utf-8"))["until"]
                    if until is None or until > now:
                        continue
                elif now - path.stat().st_mtime < SWEEP_SECONDS:
                    continue
                path.unlink(missing_ok=True)


def _until(seconds: float | None) -> float | None:
    return None if seconds is None else time.time() + seconds
