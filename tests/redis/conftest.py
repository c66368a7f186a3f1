"""Redis servers of these tests' own, and the houses that stand on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.redis_server import RedisServer
from tests.redis.house import House
from tests.redis.proxy import Proxy


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two nodes that these tests share: each leaves Redis well again."""
    with House(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.stop()


@pytest.fixture
def line(redis_server: RedisServer) -> Iterator[Proxy]:
    """A line to it that can be bad."""
    with Proxy(redis_server) as proxy:
        yield proxy
