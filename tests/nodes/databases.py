"""A database of a test's own on a real, shared server."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg
import pymysql

from tests.environment import need


@contextmanager
def postgres() -> Iterator[str]:
    """Make an empty database on the real PostgreSQL, give its DATABASE_URL, and drop it."""
    server, name = need("TEST_POSTGRES_URL"), f"nodes_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def mariadb() -> Iterator[str]:
    """Make an empty database on the real MariaDB, give its DATABASE_URL, and drop it."""
    server, name = urlsplit(need("TEST_MYSQL_URL")), f"nodes_{secrets.token_hex(4)}"
    account = {"user": server.username, "password": server.password or ""}
    with (
        closing(pymysql.connect(host=server.hostname, port=server.port or 3306, **account)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield server._replace(path=f"/{name}").geturl()
        finally:
            cursor.execute(f"DROP DATABASE {name}")
