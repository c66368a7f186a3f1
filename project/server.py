"""The web server of a node: uvicorn, with our gateway's protocol, our signals and our drain."""

import asyncio
import errno
import gc
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from django.conf import settings

from project import metrics, tls
from project.core import logs
from realtime import cluster

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
BACKLOG = 2048
SETTLE_SECONDS = 0.2
"""How long a drain waits at least for what is on its way."""
GARBAGE = (20_000, 20, 50)
"""When cycles are looked for. With Python's own 700, 10, 10 each list of many connections looks through the objects of all sockets,
which keeps thousands of them waiting for a fifth of a second."""
MINIMUM_TTL = ((socket.IPPROTO_IP, 21), (socket.IPPROTO_IPV6, 73))
"""IP_MINTTL and IPV6_MINHOPCOUNT of Linux, which the standard library does not name."""
FROM_ANYWHERE, FROM_NOWHERE = 0, 255
"""Packets start with a TTL of 64 or 128, and no account needs a privilege to ask for more."""


class PortTaken(Exception):
    """Somebody listens there already."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Take the address. Until the server runs, who connects is refused, so that a proxy asks another node.

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
    except OSError as problem:
        taken.close()
        raise _not_ours(host, port, problem) from problem
    return taken


def _not_ours(host: str, port: int, problem: OSError) -> PortTaken:
    reason = {
        errno.EADDRINUSE: "is in use: stop what listens there, or choose another with --port or PORT",
        errno.EACCES: "may not be used by this account: choose one above 1023 with --port or PORT",
    }.get(problem.errno or 0, f"cannot be used ({problem.strerror})")
    return PortTaken(f"{host}:{port} {reason}.")


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
        """Start to answer, and say so.

        :raises PortTaken: when another process began to listen since the address was taken.
        """
        host, port = sockets[0].getsockname()[:2] if sockets else (settings.HOST, settings.PORT)
        try:
            await super().startup(sockets)
        except OSError as problem:
            raise _not_ours(host, port, problem) from problem
        certificate, key = settings.TLS_CERT_FILE, settings.TLS_KEY_FILE
        if self.config.ssl and certificate and key:
            self._renewing = asyncio.create_task(tls.follow(self.config.ssl, certificate, key))
        gc.freeze()  # all that was loaded to serve stays; collections look at what requests leave
        gc.set_threshold(*GARBAGE)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain so that nobody's request is lost: whoever got a connection is answered, the next is refused."""
        for taken in sockets or ():
            refuse_newcomers(taken)
        await asyncio.sleep(SETTLE_SECONDS)
        deadline = time.monotonic() + settings.SHUTDOWN_SECONDS / 5
        while self._somebody_waits(sockets or ()) and time.monotonic() < deadline:  # noqa: ASYNC110 (the kernel tells nobody when its queue is empty)
            await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    def _somebody_waits(self, listeners: Sequence[socket.socket]) -> bool:
        """Whether connections wait to be accepted (a loop accepts one at each turn), or said nothing yet."""
        unaccepted = bool(select.select(listeners, (), (), 0)[0])
        unheard = [one for one in self.server_state.connections if getattr(one, "cycle", one) is None]
        for one in unheard:
            # who was half way in when newcomers were refused inherited the listener's deafness
            if (ours := one.transport.get_extra_info("socket")) is not None:
                _listen_to(ours, FROM_ANYWHERE)
        return (unaccepted or bool(unheard)) and not self.force_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


def refuse_newcomers(listener: socket.socket) -> None:
    """Let in nobody new, before a listener closes.

    Closing it alone would reset the connections that wait in its queue, and the requests a proxy already sent on them.
    What the kernel drops is what is meant for the listener itself, which is how a connection begins.
    """
    _listen_to(listener, FROM_NOWHERE)


def _listen_to(one: socket.socket, minimum_ttl: int) -> None:
    for level, option in MINIMUM_TTL if sys.platform == "linux" else ():
        with suppress(OSError):  # IPv6's is not for sockets of IPv4
            one.setsockopt(level, option, minimum_ttl)


def configuration() -> uvicorn.Config:
    """Return how this node serves."""
    return uvicorn.Config(
        "project.asgi:application",
        loop="uvloop",
        http="project.http:Protocol",
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


def run(
    listener: socket.socket,
    *,
    started: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
    lifeline: int | None = None,
) -> None:
    """Serve until a signal comes, then drain while the loop still runs; a second signal cuts what is left.

    `started` is called once requests are answered, `stopping` (from the loop's thread; it must not block) when the
    drain begins. The end of the file descriptor `lifeline` works like a signal.
    """
    config = configuration()
    factory: Any = config.get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(Server(config, started), listener, stopping, lifeline))


async def _serve(server: Server, listener: socket.socket, stopping: Callable[[], None], lifeline: int | None) -> None:
    loop = asyncio.get_running_loop()
    leaving: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if server.should_exit:
            server.force_exit = True
        server.should_exit = True
        leaving.add(loop.create_task(cluster.stop_parts()))
        stopping()

    for one in SIGNALS:
        loop.add_signal_handler(one, stop)
    if lifeline is not None:
        loop.add_reader(lifeline, _last, loop, lifeline, stop)
    await cluster.start()
    measuring = asyncio.create_task(metrics.keep_fresh())
    try:
        await server.serve(sockets=[listener])
    finally:
        measuring.cancel()
        await cluster.stop()


def _last(loop: asyncio.AbstractEventLoop, lifeline: int, stop: Callable[[], None]) -> None:
    loop.remove_reader(lifeline)
    stop()


def complain(text: str) -> None:
    """Tell the operator why this process ends."""
    logs.flush()
    sys.stderr.write(f"{text}\n")
