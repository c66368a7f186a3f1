"""The backend that Django loads: its own for MySQL, with a pool, and with texts compared as the other databases do.

A table's texts are compared exactly (case, accents, trailing spaces), whatever the server's default; lookups that
ignore case say so, by comparing upper case with upper case as on PostgreSQL.
"""

from functools import cached_property, partial
from threading import Lock
from typing import Any, ClassVar, Self

import pymysql
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.mysql import base, creation, features, operations, schema

from project.core.mysql.pool import Pool

IGNORING_CASE = {"iexact", "icontains", "istartswith", "iendswith"}


class Features(features.DatabaseFeatures):
    @cached_property
    def minimum_database_version(self) -> tuple[int, ...]:  # type: ignore[override]  # the stubs know no property here
        # MySQL has its collation since 8.0.17, MariaDB what Django itself wants
        return max(super().minimum_database_version, (8, 0, 17))


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Migrations: a table of millions of rows takes as long to change as it takes."""

    connection: Any

    def __enter__(self) -> Self:
        self.connection.ensure_connection()
        self._patience = self.connection.connection._read_timeout  # pymysql tells it in no other way
        self.connection.connection._read_timeout = None
        return super().__enter__()

    def __exit__(self, *problem: Any) -> None:
        try:
            super().__exit__(*problem)
        finally:
            if self.connection.connection is not None:
                self.connection.connection._read_timeout = self._patience

    @property
    def sql_create_table(self) -> str:  # type: ignore[override]  # likewise
        return (
            f"{super().sql_create_table} ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE {self.connection.exact_collation}"
        )


class Operations(operations.DatabaseOperations):
    connection: Any

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        cast = super().lookup_cast(lookup_type, internal_type)
        return f"UPPER({cast})" if lookup_type in IGNORING_CASE else cast

    def regex_lookup(self, lookup_type: str) -> str:
        if lookup_type == "iregex" and self.connection.mysql_is_mariadb:
            return "%s REGEXP CONCAT('(?i)', %s)"
        return str(super().regex_lookup(lookup_type))


class Creation(creation.DatabaseCreation):
    connection: Any

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        self.connection.close_pool()
        super()._destroy_test_db(test_database_name, verbosity)  # type: ignore[misc]  # the stubs leave it out


class DatabaseWrapper(base.DatabaseWrapper):
    """OPTIONS["pool"] is what Pool takes: size, max_age, wait; without it every connection is made anew."""

    operators = base.DatabaseWrapper.operators | {
        "iexact": "LIKE UPPER(%s)",
        "icontains": "LIKE UPPER(%s)",
        "istartswith": "LIKE UPPER(%s)",
        "iendswith": "LIKE UPPER(%s)",
    }
    pattern_ops = base.DatabaseWrapper.pattern_ops | {
        "icontains": "LIKE CONCAT('%%', UPPER({}), '%%')",
        "istartswith": "LIKE CONCAT(UPPER({}), '%%')",
        "iendswith": "LIKE CONCAT('%%', UPPER({}))",
    }
    SchemaEditorClass = SchemaEditor
    creation_class = Creation
    features_class = Features
    ops_class = Operations

    _lender: Pool | None = None
    _pools: ClassVar[dict[str, Pool]] = {}
    _servers: ClassVar[dict[str, dict[str, Any]]] = {}
    _lock: ClassVar = Lock()

    @property
    def exact_collation(self) -> str:
        """Compares code points, a trailing space among them: `utf8mb4_bin` would pad with spaces."""
        return "utf8mb4_nopad_bin" if self.mysql_is_mariadb else "utf8mb4_0900_bin"

    @cached_property
    def mysql_server_data(self) -> dict[str, Any]:
        # asked once in a process: Django would ask for every wrapper, and there is one for each request's thread
        if self.alias not in self._servers:
            self._servers[self.alias] = super().mysql_server_data
        return self._servers[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params.pop("pool", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._lender = self._pool(conn_params)
        return self._lender.take() if self._lender else super().get_new_connection(conn_params)

    def close_pool(self) -> None:
        """Close the connections nobody uses; who connects next opens a new pool."""
        if pool := self._pools.pop(self.alias, None):
            pool.close()

    def _pool(self, conn_params: dict[str, Any]) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        with self._lock:
            if self.alias not in self._pools:
                self._pools[self.alias] = Pool(partial(pymysql.connect, **conn_params), **options)
            return self._pools[self.alias]

    def _close(self) -> None:
        if self._lender is None or self.connection is None:
            super()._close()  # type: ignore[misc]  # the stubs leave it out
            return
        clean = not (self.errors_occurred or self.in_atomic_block) and self.connection.get_autocommit()
        lender, connection = self._lender, self.connection
        self._lender = self.connection = None
        lender.give_back(connection, reusable=clean)
