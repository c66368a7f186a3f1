"""A real uvicorn with the real ASGI application and the gateway's protocol, in a thread or as a process of its own."""

import asyncio
import os
import socket
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from tests import launcher

STOP_SECONDS = 60
ROOT = Path(__file__).resolve().parents[2]
GATE = {
    "GATEWAY_AUTHENTICATORS": ["tests.realtime.people.by_name"],
    "GATEWAY_SESSION_CHECK": "tests.realtime.people.ended_sessions",
    "GATEWAY_ADDRESS_CHECK": "",
    "GATEWAY_PEOPLE_SEEN": "",
}


def configuration(protocol: Any = "realtime.server:Protocol", **more: Any) -> uvicorn.Config:
    """Return how the product serves; another `protocol` shows what happens on other servers."""
    kept: dict[str, Any] = {
        "lifespan": "off",
        "log_config": None,
        "timeout_graceful_shutdown": 5,
        "loop": "uvloop",
        "http": "project.http:Protocol",
        "proxy_headers": False,
    }
    return uvicorn.Config("project.asgi:application", ws=protocol, **kept | more)


async def serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """Open the door, serve, close the door."""
    from realtime import cluster  # noqa: PLC0415 (a process of its own sets Django up first)

    await cluster.start()
    try:
        await server._serve(sockets=[listener])
    finally:
        await cluster.stop()


def listening() -> socket.socket:
    """Take any free port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


class GatehouseThread:
    """The server in a thread of this process: `gateway` works from the test itself."""

    def __init__(self, protocol: Any = "realtime.server:Protocol", **more: Any) -> None:
        self._listener = listening()
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws/"
        self.origin = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(configuration(protocol, **more))
        self._thread = threading.Thread(target=self._run, name="gatehouse")

    def _run(self) -> None:
        config = self._server.config
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(serve(self._server, self._listener))

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            threading.Event().wait(0.01)
        return self

    def stop(self) -> None:
        """Drain, as a signal would make it."""
        self._server.should_exit = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._thread.join(STOP_SECONDS)
        assert not self._thread.is_alive(), "the server did not stop"


class GatehouseProcess:
    """A node: the server as a process of its own, with its environment.

    NODE_CLOCK_AHEAD in it sets its clock wrong, by so many seconds; a push of the topic NODE_DIES_OF ends it without a word.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        home.mkdir(parents=True)
        told = home / "port"
        values = {**os.environ, "GATEHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT), **environment}
        with (home / "output").open("w") as output:
            command = ["-m", "tests.realtime.server", str(told)]
            self._process = launcher.start(command, cwd=ROOT, env=values, stdout=output, stderr=output)
        while not told.exists():
            assert self._process.poll() is None, (home / "output").read_text()
            threading.Event().wait(0.02)
        self.port, self.pid = int(told.read_text()), self._process.pid
        self.url = f"ws://127.0.0.1:{self.port}/ws/"

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended by itself; return its exit code."""
        return self._process.wait(STOP_SECONDS)


def main(told: Path) -> None:
    """Serve until SIGTERM; the port is written to the file `told`."""
    import signal  # noqa: PLC0415 (only as a process of its own)

    import django  # noqa: PLC0415 (likewise)
    import time_machine  # noqa: PLC0415 (likewise)
    from django.conf import settings  # noqa: PLC0415 (likewise)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    settings.LOGGING_CONFIG = None
    for name, value in GATE.items():
        setattr(settings, name, value)
    django.setup()
    from tests.realtime import desk  # noqa: PLC0415 (its topics import Django's models)

    desk.open_for_business()
    if ahead := float(os.environ.get("NODE_CLOCK_AHEAD", "0")):
        time_machine.travel(time.time() + ahead, tick=True).start()
    if topic := os.environ.get("NODE_DIES_OF"):
        desk.die_of(topic)
    listener = listening()
    server = uvicorn.Server(configuration())

    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
        serving = asyncio.ensure_future(serve(server, listener))
        while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        told.with_suffix(".draft").write_text(str(listener.getsockname()[1]))
        told.with_suffix(".draft").rename(told)
        await serving

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
