"""Databases of a test's own on the real servers, and a way to them that may break or fall silent."""

import secrets
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql

from project.core import databases
from tests import environment


class Database:
    """An empty database on the PostgreSQL or MariaDB of `make services`, until the block ends."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.name = f"gatehouse_{secrets.token_hex(4)}"
        self.server = environment.need(environment.ENGINES[engine])
        self.url = self.address()
        self._own: set[int] = set()

    def address(self, port: int | None = None, **other: str) -> str:
        """Return its URL, by another port or as somebody else."""
        parts = urlsplit(self.server)
        user, password = other.get("user", parts.username), other.get("password", parts.password)
        place = f"{user}:{password}@{parts.hostname}:{port or parts.port}"
        return parts._replace(netloc=place, path=f"/{self.name}").geturl()

    @contextmanager
    def line(self, database: str | None = None) -> Iterator[Any]:
        """A connection of the test's own, which speaks to the server as its administrator."""
        parts = urlsplit(self.server)
        if self.engine == "postgres":
            with psycopg.connect(parts._replace(path=f"/{database or 'postgres'}").geturl(), autocommit=True) as line:
                yield line
            return
        to = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
        with closing(pymysql.connect(**to, database=database, autocommit=True)) as line:
            yield line

    def ask(self, sql: str, *values: Any, inside: bool = True) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self.line(self.name if inside else None) as line, line.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def create(self, how: str = "") -> None:
        self.ask(f"CREATE DATABASE {self.name} {how}", inside=False)

    def drop(self) -> None:
        self.ask(f"DROP DATABASE {self.name}" + (" WITH (FORCE)" if self.engine == "postgres" else ""), inside=False)

    def sessions(self) -> list[int]:
        """The server's numbers of the connections that others have to this database."""
        sql = {
            "postgres": "SELECT pid FROM pg_stat_activity WHERE datname = %s",
            "mysql": "SELECT id FROM information_schema.processlist WHERE db = %s",
        }[self.engine]
        return [row[0] for row in self.ask(sql, self.name, inside=False) if row[0] not in self._own]

    def cut(self) -> int:
        """End those connections, as a server does that is restarted; return how many there were."""
        numbers = self.sessions()
        for number in numbers:
            with suppress(pymysql.Error):  # it went by itself
                end = "SELECT pg_terminate_backend(%s)" if self.engine == "postgres" else "KILL %s"
                self.ask(end, number, inside=False)
        return len(numbers)

    @contextmanager
    def start_lock_held(self) -> Iterator[None]:
        """Hold the lock of whoever prepares this database."""
        with self.line(self.name) as line, line.cursor() as cursor:
            take, lock = databases.start_lock("postgresql" if self.engine == "postgres" else self.engine, self.name)
            cursor.execute(take, [lock])
            assert cursor.fetchone()[0]
            yield

    @contextmanager
    def row_held(self, table: str, username: str) -> Iterator[None]:
        """Hold a person's row, as a transaction does that is slow to end."""
        with self.line(self.name) as line, line.cursor() as cursor:
            number = line.info.backend_pid if self.engine == "postgres" else line.thread_id()
            self._own.add(number)
            cursor.execute("BEGIN")
            cursor.execute(f"SELECT 1 FROM {table} WHERE username = %s FOR UPDATE", [username])  # noqa: S608 (our own table)
            yield
            cursor.execute("ROLLBACK")


class Way:
    """A port that leads to a server, and can be blocked: what is under way is cut, what comes is turned away."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._open = self._carries = True
        self._lines: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._welcome, daemon=True).start()

    def block(self) -> None:
        self._open = False
        for line in list(self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def clear(self) -> None:
        self._open = True

    def silence(self) -> None:
        """Keep the lines and carry nothing any more, as a network does that drops packets."""
        self._carries = False

    def close(self) -> None:
        self.block()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _welcome(self) -> None:
        with suppress(OSError):
            while True:
                guest, _address = self._door.accept()
                if self._open:
                    threading.Thread(target=self._carry, args=[guest], daemon=True).start()
                else:
                    guest.close()

    def _carry(self, guest: socket.socket) -> None:
        with suppress(OSError), guest, socket.create_connection(self._to) as server:
            ends = {guest: server, server: guest}
            self._lines |= ends.keys()
            try:
                while True:
                    for one in select.select(list(ends), [], [])[0]:
                        if not (data := one.recv(65_536)):
                            return
                        if self._carries:
                            ends[one].sendall(data)
            finally:
                self._lines -= ends.keys()
