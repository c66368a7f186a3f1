"""What an operator should know of the database before people use it, each in one sentence with the remedy."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's name)
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


def check(app_configs: Any, databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Django's check of databases: `manage.py check --database default`, `manage.py migrate` and every start."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        look = {"postgresql": _of_postgresql, "mysql": _of_mysql}.get(connection.vendor)
        found += look(connection) if look else ()
    return found


def may_create_tables(connection: BaseDatabaseWrapper) -> CheckMessage | None:
    """Try it; only a start with migrations to do needs to know."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS gatehouse_may_create (id integer)")
            cursor.execute("DROP TABLE gatehouse_may_create")
    except DatabaseError as problem:
        user, name = connection.settings_dict["USER"], connection.settings_dict["NAME"]
        remedy = {
            "postgresql": f'ALTER DATABASE "{name}" OWNER TO "{user}"; or GRANT CREATE ON SCHEMA public TO "{user}";',
            "mysql": f"GRANT ALL ON `{name}`.* TO '{user}'@'…';",
        }.get(connection.vendor, "let this account write to the file and its folder")
        return Error(f"{user or 'This account'} may not create tables in the database {name} ({problem}).", hint=remedy)
    return None


def start_lock(vendor: str, database: str) -> tuple[str, int | str]:
    """Return the statement that tries to take the lock of `database`, and the lock's name."""
    if vendor == "postgresql":
        return "SELECT pg_try_advisory_lock(%s)", 0x6761_7465  # "gate": these locks belong to a database
    # these belong to the server: the name tells its databases apart
    return "SELECT GET_LOCK(%s, 0)", f"gatehouse {hashlib.sha256(database.encode()).hexdigest()[:32]}"


def _of_postgresql(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    encoding = _ask(connection, "SHOW server_encoding")[0][0]
    if encoding != "UTF8":
        name = connection.settings_dict["NAME"]
        yield Error(
            f"The database {name} stores texts as {encoding}, which cannot hold every name.",
            hint=f"Make one that can: CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0;",
            id="core.E001",
        )


def _of_mysql(connection: Any) -> Iterator[CheckMessage]:
    ours = set(connection.introspection.django_table_names())
    tables = [
        table
        for table, collation in _ask(
            connection,
            "SELECT table_name, table_collation FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
        )
        if table in ours and collation != connection.exact_collation
    ]
    if tables:
        first = connection.ops.quote_name(tables[0])
        yield Error(
            f"{len(tables)} tables compare texts by other rules than {connection.exact_collation} ({tables[0]}, …): "
            "names that differ would count as the same.",
            hint=f"For each of them: ALTER TABLE {first} CONVERT TO CHARACTER SET utf8mb4 "
            f"COLLATE {connection.exact_collation};",
            id="core.E002",
        )
    if not connection.features.has_zoneinfo_database:
        yield Warning(
            f"{connection.display_name} does not know any time zone: queries that cut days in it will fail.",
            hint="As its administrator: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql "
            "(MySQL: mysql_tzinfo_to_sql), then restart Gatehouse.",
            id="core.W001",
        )


def _ask(connection: BaseDatabaseWrapper, question: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())
