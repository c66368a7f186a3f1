"""Connections of one process to one database: kept between requests, and never more than so many.

Django has a pool for PostgreSQL only, and its CONN_MAX_AGE keeps a connection as long as its thread: under ASGI a
request has a thread of its own, so nothing would be kept and nothing would be bounded.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import Any
from weakref import WeakKeyDictionary

import pymysql


class Places:
    """So many may be in; who comes later waits, and who came first goes in first: a semaphore lets others slip past."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[Event] = deque()
        self._lock = Lock()

    def take(self, seconds: float) -> bool:
        """Take a place; False when none became free in time."""
        turn = Event()
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._lock:
            if turn.is_set():  # in the very last moment
                return True
            self._waiting.remove(turn)
        return False

    def give_back(self) -> None:
        """Hand the place to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Pool:
    """Lends at most `size` connections; one that comes back is lent again until it is `max_age` seconds old."""

    def __init__(self, connect: Callable[[], Any], *, size: int, max_age: float, wait: float) -> None:
        self._connect, self._max_age, self._wait = connect, max_age, wait
        self._places = Places(size)
        self._idle: deque[Any] = deque()
        self._born: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def take(self) -> Any:
        """Return a connection that answers.

        :raises pymysql.OperationalError: when the server does not, or no connection becomes free in time.
        """
        if not self._places.take(self._wait):
            raise pymysql.OperationalError(f"no database connection became free within {self._wait:g} s")
        try:
            return self._kept() or self._new()
        except BaseException:
            self._places.give_back()
            raise

    def give_back(self, connection: Any, *, reusable: bool) -> None:
        """Take back what `take` lent; what is not reusable, or too old, is closed."""
        try:
            if reusable and self._is_young(connection):
                self._idle.append(connection)
            else:
                _close(connection)
        finally:
            self._places.give_back()

    def close(self) -> None:
        """Close what nobody uses."""
        with suppress(IndexError):
            while True:
                _close(self._idle.pop())

    def _kept(self) -> Any:
        """Return the connection that came back last, if it lives; those the server has dropped meanwhile are closed."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if self._is_young(connection) and _answers(connection):
                    return connection
                _close(connection)
        return None

    def _new(self) -> Any:
        connection = self._connect()
        self._born[connection] = time.monotonic()
        return connection

    def _is_young(self, connection: Any) -> bool:
        return time.monotonic() - self._born[connection] < self._max_age


def _answers(connection: Any) -> bool:
    try:
        connection.ping()
    except (pymysql.Error, OSError):
        return False
    return True


def _close(connection: Any) -> None:
    with suppress(pymysql.Error, OSError):
        connection.close()
