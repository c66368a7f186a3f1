"""New rows by one prepared statement.

Django's `bulk_create` wants an instance for each row and compiles every value into statements of a few dozen rows each, which
takes several times as long as the database needs to store them. Here the statement is compiled once, what all rows have
in common is prepared once, and the values are handed to the driver.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from django.db import connections, models, router, transaction

DEFAULT = object()
"""Stands for a value that is the field's own default."""


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each given by the values of some fields; the others have their defaults, the same ones for all.

    A related row is given as an instance, or by its key under the name of the column.

    For models whose key the database gives, and which inherit no table. No signal is sent.
    """
    names = {name: None for row in rows for name in row}
    insert_columns(model, {name: [row.get(name, DEFAULT) for row in rows] for name in names}, len(rows))


def insert_columns(model: type[models.Model], columns: Mapping[str, Sequence[Any]], number: int) -> None:
    """Insert so many rows that are given by column, as `insert` does."""
    if not number:
        return
    using = router.db_for_write(model)
    connection = connections[using]
    fields = [field for field in model._meta.local_concrete_fields if field is not model._meta.auto_field]
    quote = connection.ops.quote_name
    named = ", ".join(quote(field.column) for field in fields if field.column)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({named}) VALUES ({places})"  # noqa: S608 (names of our own)
    blank = model()
    prepared = [_prepared(field, blank, columns, connection, number) for field in fields]
    with transaction.atomic(using, savepoint=False), connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*prepared, strict=True)))


def _prepared(
    field: Any, blank: models.Model, columns: Mapping[str, Sequence[Any]], connection: Any, number: int
) -> Iterable[Any]:
    """What is stored of a field, row by row."""
    default = field.get_db_prep_save(field.pre_save(blank, add=True), connection)
    if field.is_relation and field.attname in columns:
        return [default if key is DEFAULT else key for key in columns[field.attname]]
    if field.name not in columns:
        return repeat(default, number)
    values = columns[field.name]
    if getattr(type(field), "get_prep_value", None) is models.CharField.get_prep_value:
        return [default if value is DEFAULT else value for value in values]  # text is stored as it is
    # few columns have many different ones
    stored = {id(value): value for value in values}
    for known, value in stored.items():
        if value is DEFAULT:
            stored[known] = default
        else:
            plain = value.pk if field.is_relation else value
            stored[known] = field.get_db_prep_save(plain, connection)
    return [stored[id(value)] for value in values]
