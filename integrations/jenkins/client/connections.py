"""Connections to Jenkins: only to addresses that were checked, and never for longer than a call may take."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from integrations.jenkins import addresses

_call = threading.local()


class Deadline:
    """The end of one call: at it the connection is cut, whatever either side is doing."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self.sent = False
        self._until = time.monotonic() + seconds
        self._handles: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        return max(0.01, self._until - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        # a second handle of the connection: TLS takes the first apart, and this one reaches it nevertheless
        self._handles.append(socket.socket(sock.family, sock.type, fileno=os.dup(sock.fileno())))
        if self.passed:
            self._cut()

    def over(self) -> None:
        self._timer.cancel()
        while self._handles:
            self._handles.pop().close()

    def _cut(self) -> None:
        self.passed = True
        for handle in list(self._handles):
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Everything that this thread does with these connections ends within `seconds`."""
    mine = _call.deadline = Deadline(seconds)
    try:
        yield mine
    finally:
        mine.over()
        _call.deadline = None


def _current() -> Deadline | None:
    return getattr(_call, "deadline", None)


class _Checked:
    """What both kinds of connection do alike."""

    ensure: Callable[[str, addresses.Address], None]

    def _new_conn(self: Any) -> socket.socket:
        mine = _current()
        try:
            places = addresses.found(self.host.strip("[]"), self.port, self.ensure)
        except OSError as problem:
            raise NewConnectionError(self, f"cannot be looked up: {problem}") from problem
        trouble: OSError | None = None
        for family, address in places:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(min(settings.JENKINS_CONNECT_SECONDS, mine.left if mine else 3600))
                if mine is not None:
                    mine.watch(sock)
                sock.connect((address, self.port))
            except OSError as problem:
                sock.close()
                trouble = problem
                continue
            return sock
        if isinstance(trouble, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise NewConnectionError(self, f"no connection: {trouble}")

    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        mine = _current()
        if self.sock is None:
            self.connect()
        elif mine is not None:
            mine.watch(self.sock)
        if mine is not None:
            mine.sent = True
        return super().request(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into


class _Plain(_Checked, HTTPConnection):
    pass


class _Secure(_Checked, HTTPSConnection):
    pass


class CheckedAdapter(HTTPAdapter):
    """Makes connections of ours.

    :param ensure: raises where a host may not be at an address.
    :param context: what certificates are checked with, beside those that everybody trusts.
    """

    def __init__(self, ensure: Callable[[str, addresses.Address], None], context: ssl.SSLContext | None = None) -> None:
        self._ensure, self._context = ensure, context
        super().__init__(pool_connections=1, pool_maxsize=4, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        plain = type("Plain", (_Plain,), {"ensure": staticmethod(self._ensure)})
        secure = type("Secure", (_Secure,), {"ensure": staticmethod(self._ensure)})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
