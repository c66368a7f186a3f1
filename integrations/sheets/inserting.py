"""New rows by one prepared statement.

Django's `bulk_create` wants an instance for each row and compiles every value into statements of a few dozen rows each, which
takes several times as long as the database needs to store them. Here the statement is compiled once, what all rows have
in common is prepared once, and the values are handed to the driver.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connections, models, router, transaction


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each given by the values of some fields; the others have their defaults, the same ones for all.

    A related row is given as an instance, or by its key under the name of the column.

    For models whose key the database gives, and which inherit no table. No signal is sent.
    """
    using = router.db_for_write(model)
    connection = connections[using]
    fields = [field for field in model._meta.local_concrete_fields if field is not model._meta.auto_field]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields if field.column)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 (names of our own)
    with transaction.atomic(using, savepoint=False), connection.cursor() as cursor:
        cursor.executemany(statement, list(_prepared(model, fields, rows, connection)))


def _prepared(
    model: Any, fields: Sequence[Any], rows: Sequence[Mapping[str, Any]], connection: Any
) -> Iterator[list[Any]]:
    blank = model()
    common = [field.get_db_prep_save(field.pre_save(blank, add=True), connection) for field in fields]
    places = {field.name: (at, _preparing(field, connection)) for at, field in enumerate(fields)}
    places |= {field.attname: (at, None) for at, field in enumerate(fields) if field.is_relation}
    for row in rows:
        values = common.copy()
        for name, value in row.items():
            at, prepare = places[name]
            values[at] = prepare(value) if prepare else value
        yield values


def _preparing(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    """Return what makes of a field's value what is stored of it; nothing for text, which is stored as it is."""
    if getattr(type(field), "get_prep_value", None) is models.CharField.get_prep_value:
        return None
    if isinstance(field, models.ForeignKey):
        return lambda instance: field.get_db_prep_save(instance.pk, connection)
    return lambda value: field.get_db_prep_save(value, connection)
