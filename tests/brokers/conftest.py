"""One Gatehouse in parts for each kind of broker."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.brokers.office import Parts
from tests.brokers.wire import Wire
from tests.environment import need
from tests.nodes import databases


@pytest.fixture(scope="package", params=["redis", "rabbitmq"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """On Redis with PostgreSQL, whose pools a fork must not inherit; on RabbitMQ with SQLite."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with ExitStack() as opened:
        if request.param == "redis":
            more = {"DATABASE_URL": opened.enter_context(databases.postgres())}
            wire = opened.enter_context(Wire(need("REDIS_URL")))
        else:
            more = {}
            wire = opened.enter_context(Wire(need("RABBITMQ_URL")))
        parts = Parts(folder, wire, REDIS_URL=need("REDIS_URL"), **more)
        opened.callback(parts.close)
        parts.open()
        yield parts


@pytest.fixture
def parts(opened: Parts) -> Iterator[Parts]:
    """With all parts alive and the broker in reach, before and after."""
    yield opened
    opened.wire.mend()
    for part in (opened.worker, opened.beat):
        if part.process.poll() is not None:
            part.open()
