"""Servers and sockets of the gateway's tests."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgpack
import pytest
from rest_framework.test import APIClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from realtime import topics
from tests.clients import PATIENCE
from tests.core.redis_server import RedisServer
from tests.realtime import desk, people
from tests.realtime.server import GATE, GatehouseProcess, GatehouseThread
from tests.realtime.staff import client, person


class Socket:
    """A client's socket; what arrives while waiting for something else is kept."""

    def __init__(self, url: str, **how: Any) -> None:
        bearer = how.pop("bearer", "")
        headers = (
            {"Accept-Language": "en"}
            | how.pop("headers", {})
            | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        )
        query = f"?ticket={ticket}" if (ticket := how.pop("ticket", "")) else ""
        self._opened = ExitStack()
        kept = {"proxy": None, "compression": None, "open_timeout": PATIENCE, "close_timeout": 3} | how
        opening = connect(url + query, additional_headers=headers, **kept)
        self.raw: ClientConnection = self._opened.enter_context(opening)
        self.kept: list[dict[str, Any]] = []
        self._asked = 0
        self.welcome: dict[str, Any] = {}

    def greeted(self) -> "Socket":
        """Read the welcome."""
        first = self.frame()
        assert first["topic"] == "welcome", first
        self.welcome = first["data"]
        return self

    @property
    def id(self) -> str:
        return str(self.welcome["connection"])

    @staticmethod
    def encoded(frame: dict[str, Any]) -> str | bytes:
        """Return a frame as this socket's sub-protocol writes it."""
        return json.dumps(frame)

    @staticmethod
    def decoded(received: str | bytes) -> Any:
        return json.loads(received)

    def frame(self, seconds: float = PATIENCE) -> Any:
        """Return the next frame, whatever it is."""
        return self.decoded(self.raw.recv(timeout=seconds))

    def send(self, text: str | bytes) -> None:
        self.raw.send(text)

    def tell(self, topic: str, data: Any = None) -> None:
        self.send(self.encoded({"topic": topic, "data": data}))

    def ask(self, topic: str, data: Any = None) -> Any:
        """Send a frame that wants a reply; return the whole reply."""
        self._asked += 1
        self.send(self.encoded({"id": self._asked, "topic": topic, "data": data}))
        return self.wait_for(lambda frame: frame.get("id") == self._asked)

    def next(self, topic: str) -> Any:
        """Return the data of the next push of a topic."""
        return self.wait_for(lambda frame: frame["topic"] == topic and "id" not in frame)["data"]

    def wait_for(self, wanted: Callable[[Any], bool]) -> Any:
        for frame in self.kept:
            if wanted(frame):
                self.kept.remove(frame)
                return frame
        deadline = time.monotonic() + PATIENCE
        while True:
            frame = self.frame(max(0.01, deadline - time.monotonic()))
            if wanted(frame):
                return frame
            self.kept.append(frame)

    def is_alive(self) -> bool:
        return "time" in self.ask("ping")["data"]

    def end(self) -> tuple[int, str]:
        """Wait for the server's close; return its code and reason."""
        deadline = time.monotonic() + PATIENCE
        with pytest.raises(ConnectionClosed) as closed:
            self._keep_all(deadline)
        received = closed.value.rcvd
        assert received, f"cut without a close frame: {closed.value!r}"
        return received.code, received.reason

    def _keep_all(self, deadline: float) -> None:
        while True:
            self.kept.append(self.frame(max(0.01, deadline - time.monotonic())))

    def close(self) -> None:
        self._opened.close()


class PackedSocket(Socket):
    """A client's socket that speaks MessagePack."""

    def __init__(self, url: str, **how: Any) -> None:
        super().__init__(url, **{"subprotocols": ["gatehouse.v1.msgpack"]} | how)

    @staticmethod
    def encoded(frame: dict[str, Any]) -> bytes:
        return bytes(msgpack.packb(frame))

    @staticmethod
    def decoded(received: str | bytes) -> Any:
        assert isinstance(received, bytes), received
        return msgpack.unpackb(received)


Opener = Callable[..., Socket]


def until(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Look until something true is seen."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s, last seen: {seen!r}"
        time.sleep(0.02)
    return seen


@pytest.fixture
def gate_settings(settings: Any) -> Any:
    """Settings of the gateway with this folder's people at the door."""
    for name, value in GATE.items():
        setattr(settings, name, value)
    people.SPENT.clear()
    people.ENDED.clear()
    return settings


@pytest.fixture
def gatehouse(gate_settings: Any) -> Iterator[GatehouseThread]:
    """A Gatehouse that serves sockets."""
    with GatehouseThread() as server:
        yield server


@pytest.fixture
def opener() -> Iterator[Callable[..., Socket]]:
    """Open sockets that are closed when the test ends."""
    opened: list[Socket] = []

    def open_one(server: Any, kind: type[Socket] = Socket, **how: Any) -> Socket:
        one = kind(server.url, **how)
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def mei(gatehouse: GatehouseThread, opener: Opener) -> Socket:
    """Mei's socket."""
    return opener(gatehouse, bearer="mei").greeted()


@pytest.fixture
def hans(gatehouse: GatehouseThread, opener: Opener) -> Socket:
    """Hans' socket; he is a guard and staff."""
    return opener(gatehouse, bearer="hans").greeted()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own, which may go away and come back."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.stop()


@pytest.fixture
def two_nodes(redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[GatehouseProcess, GatehouseProcess]]:
    """Two nodes that share a Redis."""
    nodes = [GatehouseProcess(tmp_path / name, REDIS_URL=redis_server.url) for name in ("east", "west")]
    yield nodes[0], nodes[1]
    for node in nodes:
        node.stop()


@pytest.fixture
def gate_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics and a policy as an app would bring them, for this test only."""
    monkeypatch.setattr(topics, "_topics", dict(topics._topics))
    monkeypatch.setattr(topics, "_policies", dict(topics._policies))
    desk.open_for_business()


@pytest.fixture
def sender() -> APIClient:
    """Staff who may send, and nothing else."""
    return client(person("sender", "realtime.send"))


@pytest.fixture
def watcher() -> APIClient:
    """Staff who may look at connections, and nothing else."""
    return client(person("watcher", "realtime.view_connection"))
