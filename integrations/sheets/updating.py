"""Changes of rows by one prepared statement for each set of fields.

Django's `bulk_update` writes a statement of a branch for each row and field, all of which it compiles and the database reads
again; here the statement is made once, and the values are handed to the driver. Of each row only what changed is written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connections, models, router, transaction


def update(model: type[models.Model], changes: Iterable[tuple[models.Model, Collection[str]]]) -> None:
    """Store some fields of rows that are there, of each its own. No signal is sent.

    For fields that stand in the model's own table.
    """
    using = router.db_for_write(model)
    alike: dict[tuple[str, ...], list[models.Model]] = defaultdict(list)
    for row, names in changes:
        alike[tuple(sorted(names))].append(row)
    with transaction.atomic(using, savepoint=False):
        for names, rows in alike.items():
            if names:
                # in this order, so that whoever writes the same rows meanwhile does not wait for who waits for them
                rows.sort(key=lambda row: row.pk)
                _write(model, [model._meta.get_field(name) for name in names], rows, using)


def _write(model: type[models.Model], fields: list[Any], rows: list[models.Model], using: str) -> None:
    connection = connections[using]
    quote = connection.ops.quote_name
    own: Any = model._meta.pk
    said = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {said} WHERE {quote(own.column)} = %s"  # noqa: S608 (names of our own)
    columns = [[_stored(field, row, connection) for row in rows] for field in [*fields, own]]
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*columns, strict=True)))


def _stored(field: Any, row: models.Model, connection: Any) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
