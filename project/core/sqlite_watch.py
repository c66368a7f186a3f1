"""Has anybody written to the SQLite file since? SQLite tells a connection for next to nothing whether another one did.

    before = sqlite_watch.version()      # None: not SQLite, or the caller has a transaction of its own
    ...                                  # read rows, and keep what was read
    sqlite_watch.version() == before     # then what was read is what the file says, to the last commit of any process

Each process looks through one connection that does nothing else, so every commit is another's.
"""

import os
import sqlite3
import threading
from collections.abc import Hashable
from pathlib import Path

import structlog
from django.db import connection, connections

log = structlog.get_logger(__name__)


class Watch:
    """A connection that only looks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None

    def version(self) -> Hashable | None:
        """What no commit leaves as it was; None while nobody can say."""
        try:
            file = self.path.stat().st_ino  # one that took this one's place has numbers of its own
            with self._lock:
                if self._opened is None or self._opened[0] != file:
                    self._opened = file, self._open()
                return file, self._opened[1].execute("PRAGMA data_version").fetchone()[0]
        except (OSError, sqlite3.Error) as problem:
            log.debug("sqlite.not_watched", problem=str(problem))
            return None

    def _open(self) -> sqlite3.Connection:
        # never to be waited for: a file that is locked is a file nobody can say anything about
        return sqlite3.connect(self.path, timeout=0, check_same_thread=False, isolation_level=None)


_watches: dict[tuple[int, str], Watch] = {}


def version() -> Hashable | None:
    """What no commit to the default database leaves as it was."""
    return None if connection.in_atomic_block else version_outside()


def version_outside() -> Hashable | None:
    """`version`, for who has no transaction for certain, such as a coroutine; it opens no connection of Django's."""
    database = connections.settings["default"]
    name = str(database["NAME"])
    if "sqlite" not in database["ENGINE"] or ":memory:" in name or name.startswith("file:"):
        return None
    key = os.getpid(), name
    watch = _watches.get(key) or _watches.setdefault(key, Watch(Path(name)))
    return watch.version()
