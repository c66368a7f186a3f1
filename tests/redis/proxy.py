"""A bad line to a server: it may be slow, cut answers off, or swallow what is sent."""

import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.core.redis_server import RedisServer

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset."""


class Proxy:
    """Carries bytes between a free port and `server`, as badly as it is told to."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._first: socket.socket | None = None
        self.port = int(self._listener.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.mend()

    def mend(self) -> None:
        """Carry as a good line does."""
        self.delay, self.cutting, self.swallowed = 0.0, False, set[socket.socket | None]()

    def cut_answers(self) -> None:
        """Reset every connection in the middle of its next answer."""
        self.cutting = True

    def swallow_first(self) -> None:
        """Leave the first connection open, and bring nothing from the server any more: its peer has vanished."""
        self.swallowed = {self._first}

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.close()
        for one in list(self._open):
            self._close(one)

    def _listen(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server.port))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                client.close()
                continue
            self._first = self._first or client
            self._open |= {client, server}
            threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                time.sleep(self.delay)
                server.sendall(data)
        self._close(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if self.cutting:
                    client.sendall(data[: len(data) // 2])
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    client.shutdown(socket.SHUT_RD)  # wakes who reads it; a full one would say goodbye
                    client.close()
                    break
                if client not in self.swallowed:
                    client.sendall(data)
        self._close(client, server)

    def _close(self, *sockets: socket.socket) -> None:
        for one in sockets:
            self._open.discard(one)
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
