"""A server that keeps the connection and says nothing any more (T-F-1)."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from project.settings import databases as product
from tests.databases.databases import Database, Way

pytestmark = [pytest.mark.services, pytest.mark.attack("T-F-1")]


@pytest.fixture
def way(database: Database) -> Iterator[Way]:
    server = urlsplit(database.server)
    one = Way(str(server.hostname), int(server.port or 0))
    yield one
    one.close()


@pytest.fixture
def connect(database: Database, way: Way, django_db_blocker: Any) -> Iterator[Any]:
    """Connect as the product does, by a way that may fall silent, with other options in the address."""
    opened: list[Any] = []

    def one(options: str = "") -> Any:
        connection = ConnectionHandler({"default": product._database(database.address(way.port) + options)})["default"]
        opened.append(connection)
        connection.ensure_connection()
        return connection

    with django_db_blocker.unblock():
        yield one
        for connection in opened:
            connection.close()
            connection.close_pool()


@pytest.mark.parametrize("engine", ["mysql"], scope="module")
class TestMariaDB:
    def test_is_given_up_after_a_while(self, connect, way):
        connection = connect("?read_timeout=1")

        way.silence()

        with connection.cursor() as cursor, pytest.raises(OperationalError, match="timed out"):
            cursor.execute("SELECT 1")

    def test_may_take_its_time_to_change_a_table(self, connect):
        connection = connect("?read_timeout=1")

        with connection.schema_editor() as editor:
            editor.execute("DO SLEEP(1.5)")

        with connection.cursor() as cursor, pytest.raises(OperationalError, match="timed out"):
            cursor.execute("DO SLEEP(1.5)")


@pytest.mark.parametrize("engine", ["postgres"], scope="module")
class TestPostgreSQL:
    def test_is_given_up_by_the_kernel_when_it_takes_nothing_any_more(self, connect):
        line = socket.socket(fileno=connect().connection.pgconn.socket)
        try:
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == product.SILENCE_SECONDS * 1000
        finally:
            line.detach()
