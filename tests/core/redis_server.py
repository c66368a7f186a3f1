"""A real Redis of a test's own, which it may stop, freeze and start again."""

import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import redis

from tests import environment
from tests.clients import until

OPERATOR = ("--user", "operator", "on", ">operator", "~*", "&*", "+@all")


class RedisServer:
    """redis-server on a free port, with `options` of its command line on top."""

    def __init__(self, folder: Path, *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            environment.missing("redis-server is not on the PATH: `make services` installs it")
        self._program, self._folder, self._options = str(program), folder, options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> Self:
        """Start it, this time with further options, and wait until it listens."""
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *OPERATOR]
        command = [self._program, *own, "--dir", str(self._folder), *self._options, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._listens, "Redis listens")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Leave every connection open and answer none."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was frozen."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def operator(self, database: int = 0) -> "redis.Redis":
        """A client that may do everything, whatever happens to the others."""
        return redis.Redis(port=self.port, db=database, username="operator", password="operator", decode_responses=True)

    def order(self, *words: object) -> Any:
        """Give it a command."""
        with self.operator() as client:
            return client.execute_command(*words)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"redis-server ended: is its port {self.port} another's?"
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except (redis.BusyLoadingError, redis.AuthenticationError):
                return True
            except redis.RedisError:
                return False


def free_port() -> int:
    """A port that nobody takes while a server of a test is away for a moment.

    Not one the system hands out: among thousands of connections it would soon be another's. Each process of the tests has its own.
    """
    while True:
        port = next(_ports)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _own_ports() -> Iterator[int]:
    mine = 12_000 + 2_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10)
    begin = random.randrange(2_000)
    return cycle([*range(mine + begin, mine + 2_000), *range(mine, mine + begin)])


_ports = _own_ports()
