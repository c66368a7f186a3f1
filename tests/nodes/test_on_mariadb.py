"""The journey on MariaDB, with Redis for cache and channel layer and RabbitMQ as the broker."""

from collections.abc import Iterator

import pytest

from tests.environment import need
from tests.nodes import databases
from tests.nodes.house import House
from tests.nodes.journey import (  # noqa: F401 (collected here)
    TestEndings,
    TestFirstStart,
    TestLine,
    TestMessages,
    TestPresence,
    TestSession,
    TestSheets,
)

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two nodes, a worker and a scheduler; tests share them, so they bring their own people."""
    folder = tmp_path_factory.mktemp("house")
    redis, rabbitmq = need("REDIS_URL"), need("RABBITMQ_URL")
    with (
        databases.mariadb() as database,
        House(folder, DATABASE_URL=database, REDIS_URL=redis, CELERY_BROKER_URL=rabbitmq) as house,
    ):
        yield house
