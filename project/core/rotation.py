"""A log file that several processes write and any of them rotates: by size, kept by count and by age.

Each line is one `write` to a file opened for appending, so lines of different processes never mix. Rotation renames
the file under a lock (`<file>.lock`) after looking again at its size; a process that finds the name gone or pointing
elsewhere opens it anew before its next line, so none is lost. Old files are `<file>.<UTC time>`.
"""

import fcntl
import logging
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

DAY = 86_400
PRUNE_SECONDS = 3_600


class RotatingFile(logging.Handler):
    """Appends to `path`; see the module."""

    def __init__(self, path: Path, *, max_bytes: int, max_days: int, backups: int) -> None:
        super().__init__()
        self._path, self._max_bytes, self._max_days, self._backups = path, max_bytes, max_days, backups
        self._fd = -1
        self._inode = (0, 0)
        self._pruned_at = 0.0
        path.parent.mkdir(parents=True, exist_ok=True)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            self._ready(len(line))
            os.write(self._fd, line)
        except Exception:  # noqa: BLE001 (a full disk must not stop the product; logging's own way says so on stderr)
            self.handleError(record)

    def close(self) -> None:
        self.acquire()
        try:
            self._close_file()
        finally:
            self.release()
        super().close()

    def rotated(self) -> list[Path]:
        """Return the old files, the newest first."""
        stamped = (path for path in self._path.parent.glob(f"{self._path.name}.2*") if path.is_file())
        return sorted(stamped, key=lambda path: path.name, reverse=True)

    def _ready(self, coming: int) -> None:
        self._reopen_if_moved()
        if os.fstat(self._fd).st_size + coming > self._max_bytes:
            self._rotate(coming)
        if time.time() - self._pruned_at > PRUNE_SECONDS:
            self._prune()

    def _reopen_if_moved(self) -> None:
        try:
            found = self._path.stat()
            there = (found.st_dev, found.st_ino)
        except FileNotFoundError:
            there = (0, 0)
        if self._fd < 0 or there != self._inode:
            self._close_file()
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            opened = os.fstat(self._fd)
            self._inode = (opened.st_dev, opened.st_ino)

    def _rotate(self, coming: int) -> None:
        with self._path.with_name(f"{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._reopen_if_moved()
            size = os.fstat(self._fd).st_size
            if size == 0 or size + coming <= self._max_bytes:
                return  # somebody else has rotated it
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            self._path.rename(self._path.with_name(f"{self._path.name}.{stamp}"))
            self._reopen_if_moved()
        self._prune()

    def _prune(self) -> None:
        self._pruned_at = time.time()
        oldest = self._pruned_at - self._max_days * DAY
        for number, path in enumerate(self.rotated()):
            with suppress(FileNotFoundError):  # another process prunes too
                if number >= self._backups or path.stat().st_mtime < oldest:
                    path.unlink()

    def _close_file(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
