"""Rows that have one of many values, asked with one parameter where the database can: a thousand of them take their time."""

import json
from collections.abc import Collection
from typing import Any

from django.db.models import F
from django.db.models.lookups import In


class _Among(In):
    """`IN`, of texts and numbers as they are stored."""

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        among = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 (a column's name, as the ORM quotes it)
        return among, [*params, json.dumps(self.rhs)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]


def among(field: str, values: Collection[Any]) -> In:
    """A condition for `filter`: the field has one of these values."""
    return _Among(F(field), list(values))
