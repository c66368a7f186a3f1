"""Who takes part: how each is started, and how its clients talk."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.gateway.cores import SERVER
from benchmarks.gateway.ground import Ground
from benchmarks.gateway.load import HOME, Missing, Speech, family
from benchmarks.servers import free_port, wait_for

PEERS = Path(__file__).with_name("peers")
INSTALL = "`make bench-peers` installs it"


@dataclass(frozen=True)
class Start:
    """A command and its environment."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """One server to measure."""

    name: str
    speech: Speech
    start: Callable[[Ground, int], Start]
    """Return how it is started on a port. Raises `Missing` when it is not installed."""
    shows: str = ""
    """What its clients show to be let in: `ticket`, `session` or nothing."""


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    contestant: Contestant
    ground: Ground
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def processes(self) -> list[int]:
        return family(self.process.pid)

    def credentials(self, count: int) -> Path | None:
        """Return a file with something to show for each of `count` connections."""
        if self.contestant.shows == "session":
            return self._sessions(count)
        return self._tickets(count) if self.contestant.shows == "ticket" else None

    def _sessions(self, count: int) -> Path:
        file = self.ground.folder / f"sessions-{count}"
        keys = self.ground.stock_sessions.read_text().split()
        file.write_text("".join(f"{key}\n" for key in islice(cycle(keys), count)))
        return file

    def _tickets(self, count: int) -> Path:
        assert self.process.stdin
        file = self.ground.folder / f"tickets-{time.monotonic_ns()}"
        self.process.stdin.write(f"{count} {file}\n".encode())
        self.process.stdin.flush()
        while not file.exists():
            if self.process.poll() is not None:
                raise RuntimeError("the product ended")
            time.sleep(0.02)
        return file


@contextmanager
def running(contestant: Contestant, ground: Ground) -> Iterator[Running]:
    """Start a server, and end it."""
    port = free_port()
    start = contestant.start(ground, port)
    process = subprocess.Popen(
        [*SERVER, *start.command],
        cwd=ROOT,
        env=os.environ | start.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield Running(contestant, ground, port, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.gateway.{module}", *arguments]


def _product(ground: Ground, port: int) -> Start:
    return Start(_python("product", str(port)), ground.product_settings)


def _product_on_redis(ground: Ground, port: int) -> Start:
    return Start(_python("product", str(port)), ground.product_settings | {"REDIS_URL": ground.redis})


def _stock(layer: str) -> Callable[[Ground, int], Start]:
    def start(ground: Ground, port: int) -> Start:
        return Start(_python("peers.stock", "serve", ground.stock_database, layer, ground.redis, str(port)))

    return start


def _python_socketio(ground: Ground, port: int) -> Start:
    if not (HOME / "python" / "socketio").exists():
        raise Missing(INSTALL)
    return Start(_python("peers.python_socketio", str(port)), {"PYTHONPATH": str(HOME / "python")})


def _node(script: str, package: str) -> Callable[[Ground, int], Start]:
    def start(ground: Ground, port: int) -> Start:
        if not (node := shutil.which("node")):
            raise Missing("Node.js is not installed")
        if not (PEERS / "node_modules" / package).exists():
            raise Missing(INSTALL)
        return Start([node, str(PEERS / script), str(port)])

    return start


def _nchan(ground: Ground, port: int) -> Start:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    module = HOME / "debian" / "usr" / "lib" / "nginx" / "modules" / "ngx_nchan_module.so"
    if not program or not module.exists():
        raise Missing(INSTALL if program else "nginx is not installed: `make services` installs it")
    folder = ground.folder / f"nginx-{port}"
    folder.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    filled = (PEERS / "nchan.conf").read_text().format(module=module, user=user, folder=folder, port=port)
    (folder / "nginx.conf").write_text(filled)
    return Start([program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])


def _nats(ground: Ground, port: int) -> Start:
    program = HOME / "debian" / "usr" / "sbin" / "nats-server"
    if not program.exists():
        raise Missing(INSTALL)
    file = ground.folder / f"nats-{port}.conf"
    file.write_text((PEERS / "nats.conf").read_text().replace("{port}", str(port)).replace("{other_port}", "-1"))
    return Start([str(program), "-c", str(file)])


GATEHOUSE = Speech(
    path="/ws/?ticket=%s",
    ready='"welcome"',
    publish='{"topic":"bench.publish","data":%s}',
    echo_path="/ws/?ticket=%s",
    ask='{"id":1,"topic":"echo","data":%s}',
)
CHANNELS = Speech(header="Cookie: sessionid=%s", echo_path="/echo/")
SOCKET_IO = Speech(path="/socket.io/?EIO=4&transport=websocket", hello="40", ready="40{", publish='42["publish",%s]')

MEMORY = Contestant("Gatehouse", GATEHOUSE, _product, "ticket")
REDIS = Contestant("Gatehouse, Redis", GATEHOUSE, _product_on_redis, "ticket")
STOCK = Contestant("Channels, in memory", CHANNELS, _stock("memory"), "session")
STOCK_CORE = Contestant("Channels, Redis core", CHANNELS, _stock("core"), "session")
STOCK_PUBSUB = Contestant("Channels, Redis pub/sub", CHANNELS, _stock("pubsub"), "session")
PYTHON_SOCKETIO = Contestant("python-socketio", SOCKET_IO, _python_socketio)
WS = Contestant("Node ws", Speech(echo_path="/echo/"), _node("ws.mjs", "ws"))
SOCKETIO = Contestant("socket.io", SOCKET_IO, _node("socketio.mjs", "socket.io"))
NCHAN = Contestant("nginx nchan", Speech(post="/publish"), _nchan)
NATS = Contestant(
    "NATS",
    Speech(
        path="/",
        hello=r'CONNECT {"verbose":false,"pedantic":false}\r\nSUB bench 1\r\nPING\r\n',
        ready=r"PONG",
        publish=r"PUB bench 200\r\n%s\r\n",
        binary=True,
    ),
    _nats,
)
