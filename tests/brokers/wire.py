"""A wire to a shared server that a test may cut or clog, where it may not touch the server itself."""

import select
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.core.redis_server import free_port


class Wire:
    """Listens on a free port and carries bytes to the server of `url` and back.

    >>> with Wire(url) as wire:
    ...     wire.url       # the same address, through the wire
    ...     wire.clog()    # who is connected, and who connects, hears nothing any more: a black hole
    ...     wire.cut()     # connections break, new ones are refused
    ...     wire.mend()
    """

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        self._server = (str(there.hostname), int(there.port or 0))
        self._listener = socket.create_server(("127.0.0.1", free_port()))  # the same again when it is mended
        self._address = self._listener.getsockname()
        credentials = f"{there.username}:{there.password}@" if there.username else ""
        self.url = there._replace(netloc=f"{credentials}127.0.0.1:{self._address[1]}").geturl()
        self.accepted = 0
        """How many connections were ever taken."""
        self._clogged = threading.Event()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.cut()

    def clog(self) -> None:
        """Take what is sent and carry nothing."""
        self._clogged.set()

    def cut(self) -> None:
        """Break what is connected, refuse what connects."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break()

    def mend(self) -> None:
        """Be a wire again; connections that were clogged break, as they would when the machine comes back."""
        self._clogged.clear()
        self._break()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(self._address)
            self._listen()

    def _break(self) -> None:
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _address = listener.accept()
                self.accepted += 1
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._server) as far:
            pair = {near: far, far: near}
            with self._lock:
                self._ends |= set(pair)
            with suppress(OSError):
                while True:
                    for end in select.select(list(pair), [], [])[0]:
                        if not (data := end.recv(65_536)):
                            return
                        if not self._clogged.is_set():
                            pair[end].sendall(data)
            with self._lock:
                self._ends -= set(pair)
