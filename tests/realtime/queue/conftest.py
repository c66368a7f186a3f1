"""Nodes that read a queue, and whoever puts messages there."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.core.redis_server import RedisServer
from tests.realtime.conftest import Socket, until
from tests.realtime.server import GatehouseProcess
from tests.realtime.test_cluster import Stranger

NewNode = Callable[..., GatehouseProcess]


class Mailbox:
    """The stream of messages as other services see it, and a hand on what the nodes keep beside it."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.key = "gatehouse:messages"

    def put(self, *messages: Any) -> None:
        """Put messages there; bytes and texts go as they are."""
        with self.server.operator() as client, client.pipeline(transaction=False) as pipeline:
            for one in messages:
                pipeline.xadd(self.key, {"message": one if isinstance(one, str | bytes) else json.dumps(one)})
            pipeline.execute()

    def hold(self) -> None:
        """Let no node read."""
        self.server.order("SET", f"{self.key}:reader", "the test", "PX", 600_000)

    def release(self) -> None:
        """Let one of them read."""
        self.server.order("DEL", f"{self.key}:reader")

    @property
    def reader(self) -> str:
        """The node that reads."""
        return str(until(lambda: self.server.order("GET", f"{self.key}:reader")))

    def __len__(self) -> int:
        return int(self.server.order("XLEN", self.key))

    def wait_until_empty(self) -> None:
        until(lambda: len(self) == 0)


def note(number: Any, user: int = 1, **more: Any) -> dict[str, Any]:
    """A message for somebody: Mei, if nobody else is named."""
    return {"to": {"user": user}, "topic": "note", "data": number, **more}


def numbers(socket: Socket, last: int) -> list[int]:
    """What a socket gets, up to the note `last`."""
    found = [socket.next("note")]
    while found[-1] != last:
        found.append(socket.next("note"))
    return found


@pytest.fixture
def mailbox(redis_server: RedisServer) -> Mailbox:
    return Mailbox(redis_server)


@pytest.fixture
def new_node(tmp_path: Path, transactional_db: None) -> Iterator[NewNode]:
    """Start nodes that read at once, and set aside into this test's database."""
    nodes: list[GatehouseProcess] = []
    database = f"sqlite:///{connection.settings_dict['NAME']}"

    def start(**environment: str) -> GatehouseProcess:
        given = {"GATEWAY_QUEUE_GRACE": "0", "DATABASE_URL": database, "GATEWAY_IDLE_SECONDS": "0"} | environment
        nodes.append(GatehouseProcess(tmp_path / f"node-{secrets.token_hex(3)}", **given))
        return nodes[-1]

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def node(new_node: NewNode, redis_server: RedisServer) -> GatehouseProcess:
    """A node over this test's Redis."""
    return new_node(REDIS_URL=redis_server.url)


@pytest.fixture
def lasting_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps what it was given."""
    folder = tmp_path / "lasting"
    folder.mkdir()
    server = RedisServer(folder, "--appendonly", "yes", "--appendfsync", "always")
    yield server.start()
    server.stop()


@pytest.fixture
def stranger(redis_server: RedisServer, tmp_path: Path) -> Stranger:
    """A third process: a worker, a command, a shell."""
    return Stranger(tmp_path / "stranger", redis_server.url)
