"""The web server of a node: uvicorn, with our gateway's protocol, our signals and our drain."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from django.conf import settings

from project.core import logs
from realtime import cluster

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
BACKLOG = 2048


class PortTaken(Exception):
    """Somebody listens there already."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Take the address; connections are accepted once the server runs.

    :param shared: let several processes listen on it (SO_REUSEPORT): the kernel spreads connections evenly.
    :raises PortTaken: when it is not free, or not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        taken.bind((host, port))
        if not shared:
            taken.listen(BACKLOG)
    except OSError as problem:
        taken.close()
        reason = {
            errno.EADDRINUSE: "is in use: stop what listens there, or choose another with --port or PORT",
            errno.EACCES: "may not be used by this account: choose one above 1023 with --port or PORT",
        }.get(problem.errno or 0, f"cannot be used ({problem.strerror})")
        raise PortTaken(f"{host}:{port} {reason}.") from problem
    return taken


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us: it stops when told, and exits by returning."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and say so."""
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


def configuration() -> uvicorn.Config:
    """Return how this node serves."""
    return uvicorn.Config(
        "project.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="realtime.server:Protocol",
        ws_max_size=settings.GATEWAY_MAX_FRAME,
        ws_per_message_deflate=False,  # frames are written as they are, encoded once for everybody
        lifespan="off",
        access_log=False,  # the request context's own, which never shows a query string
        log_config=None,
        server_header=False,
        proxy_headers=False,  # X-Forwarded-* are read in one place, from TRUSTED_PROXIES only
        timeout_graceful_shutdown=max(1, round(settings.SHUTDOWN_SECONDS)),
        backlog=BACKLOG,
        ssl_certfile=settings.TLS_CERT_FILE,
        ssl_keyfile=settings.TLS_KEY_FILE,
    )


def run(listener: socket.socket, *, started: Callable[[], None], stopping: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal comes, then drain while the loop still runs; a second signal cuts what is left.

    `started` is called once requests are answered, `stopping` (from the loop's thread; it must not block) when the
    drain begins.
    """
    config = configuration()
    factory: Any = config.get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(Server(config, started), listener, stopping))


async def _serve(server: Server, listener: socket.socket, stopping: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if server.should_exit:
            server.force_exit = True
        server.should_exit = True
        stopping()

    for one in SIGNALS:
        loop.add_signal_handler(one, stop)
    await cluster.start()
    try:
        await server.serve(sockets=[listener])
    finally:
        await cluster.stop()


def complain(text: str) -> None:
    """Tell the operator why this process ends."""
    logs.flush()
    sys.stderr.write(f"{text}\n")
