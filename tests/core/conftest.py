"""What the tests of the core share."""

import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from celery import Celery
from celery.app import app_or_default
from django.core.cache import caches
from django.db import connection
from django.test import Client

from project.core import breaker, context, jobs, messenger
from tests.core.parcels import Courier, Parcel, courier, deliver
from tests.core.redis_server import RedisServer, free_port


@pytest.fixture(autouse=True)
def nobody_asking() -> Iterator[None]:
    """Each test begins without a context and with empty caches."""
    context.leave()
    for cache in caches.all():
        cache.clear()
    yield
    context.leave()


@pytest.fixture
def stranger() -> Client:
    """Somebody outside, on addresses that go wrong."""
    return Client(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own."""
    server = RedisServer(tmp_path)
    yield server.start()
    server.stop()


def close_breakers() -> None:
    for service in filter(None, map(breaker.find, ("redis-cache", "redis-state", "broker"))):
        service.reset()


@pytest.fixture
def redis_caches(redis_server: RedisServer, settings: Any) -> Iterator[RedisServer]:
    """Both caches on a Redis of this test's own; what other tests did to theirs does not count."""
    close_breakers()
    settings.CACHES = {
        "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": redis_server.url},
        "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": redis_server.url},
    }
    yield redis_server
    close_breakers()


@pytest.fixture
def parcels(transactional_db: None) -> Iterator[None]:
    """The parcels' table, on a database that threads really share; other tests never hear of parcels."""
    with connection.schema_editor() as editor:
        editor.create_model(Parcel)
    jobs.worker(Parcel)(deliver)
    yield
    jobs._workers.pop(Parcel._meta.label)
    with connection.schema_editor() as editor:
        editor.delete_model(Parcel)


@pytest.fixture
def the_courier(parcels: None) -> Iterator[Courier]:
    """Whoever delivers parcels: `the_courier.deliver = …`."""
    yield courier
    courier.deliver = lambda parcel: None


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What our own code logs meanwhile."""
    with structlog.testing.capture_logs() as caught:
        yield caught


@pytest.fixture
def send(parcels: None) -> Callable[..., Parcel]:
    """Put a parcel into the queue."""
    return lambda **fields: Parcel.objects.create(**{"state": "queued", **fields})


@pytest.fixture
def work() -> Callable[[Parcel], bool]:
    """Do what a worker does when it is woken for a parcel."""
    return lambda parcel: jobs.run(Parcel._meta.label, str(parcel.pk))


@pytest.fixture
def unreachable_broker() -> Iterator[None]:
    """Messages go to a port where nobody listens."""
    with broker_at(f"redis://127.0.0.1:{free_port()}/0"):
        yield


@pytest.fixture
def messages(redis_server: RedisServer) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Messages go to a broker of this test's own; read what tasks were asked for."""
    with broker_at(redis_server.url) as app:

        def read() -> list[dict[str, Any]]:
            found = []
            with (
                app.connection_for_read() as link,
                link.SimpleQueue(app.conf.task_default_queue) as queue,
                suppress(queue.Empty),
            ):
                while message := queue.get_nowait():
                    found.append(message.payload[1])
                    message.ack()
            return found

        yield read


@contextmanager
def broker_at(url: str) -> Iterator[Any]:
    """Let all tasks go through another broker for a while."""
    messenger.later(bool).result()  # what was sent before goes through the one before
    own = app_or_default()
    other = Celery("tests", broker=url, set_as_current=True)
    other.set_default()  # for the thread that sends messages
    yield other
    other.close()
    own.set_default()
    own.set_current()


@pytest.fixture
def another_connection(parcels: None) -> Iterator[sqlite3.Connection]:
    """A second program on the same database file."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite has one lock for all writers; tests/databases has what holds the others up")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    yield other
    other.close()
    connection.close()
