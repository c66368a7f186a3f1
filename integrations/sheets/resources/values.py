"""Which values a row may have: what the model's own fields say, and what nobody else has already."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from integrations.sheets.among import among
from integrations.sheets.columns import Column
from integrations.sheets.reader.process import Cell
from integrations.sheets.resources.declared import Declared
from integrations.sheets.rows import BAD, NEW, Checked, shown
from integrations.sheets.seen import Seen

REMEMBERED = 1_000
"""So many accepted values of a column are not judged again when they come again."""


class Accepting(Declared):
    """Judges values one by one, and marks rows as bad."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._seen: dict[str, Seen] = defaultdict(Seen)

    def fault(self, row: Checked, name: str, reason: str, cell: Cell = None) -> None:
        """Mark a row as bad; `name` is the column that is to blame."""
        column = self.fields.get(name)
        value = "" if column is None or column.secret or cell is None else shown(cell)
        place = f"{self.places[name]}{row.number}" if name in self.places else ""
        label = str(column.label) if column else ""
        row.kind = BAD
        row.errors.append(
            {
                "sheet": self.sheet,
                "row": str(row.number),
                "cell": place,
                "column": label,
                "value": value,
                "reason": reason,
            }
        )

    def accept(self, column: Column, value: Any, instance: Any) -> None:
        """Judge a value by the model's own field.

        :raises ValidationError: when it will not do.
        """
        if instance is None or instance.pk is None:
            for validate in self.validators_of_new(column):
                validate(value)
        known, accepted = self._judges[column.name]
        if known is None or value in accepted:
            return
        if isinstance(known, models.ForeignKey):
            if value is None and not known.null:
                raise ValidationError(_("must not be empty"))
            return
        if not _is_fine(known, value):
            known.clean(value, instance)
        if len(accepted) < REMEMBERED:
            accepted.add(value)

    def validators_of_new(self, column: Column) -> Sequence[Callable[[Any], None]]:
        """What a value of a new row must pass besides the model's own field."""
        return []

    def validators(self, column: Column) -> list[Callable[[Any], None]] | None:
        """All that `accept` asks of a text in a new row, or None where it asks more than validators do."""
        field = self._judges[column.name][0]
        return [*self.validators_of_new(column), *field.validators] if _is_plain(field) else None

    @cached_property
    def _judges(self) -> dict[str, tuple[Any, set[Any]]]:
        """The model's field of each column that has one, and values it has accepted: few columns have many."""
        return {column.name: (None if column.many else self._field(column), set()) for column in self.columns}

    def refuse_taken(self, rows: list[Checked]) -> None:
        """Unique columns besides the key: neither twice in the file nor somebody else's in the database."""
        for column in self.unique_columns()[1:]:
            self._refuse_taken_in(column, [row for row in rows if column.name in row.changes and row.kind != BAD])

    def unique_columns(self) -> list[Column]:
        """The key, then all other columns in which only one row may hold a value."""
        others = [column for column in self.columns if not column.many and self._is_unique(column)]
        return [self.key, *(column for column in others if column is not self.key)]

    def seen(self, column: Column) -> Seen:
        """What rows of this pass hold in a unique column, with the number of the first."""
        return self._seen[column.name]

    def holders(self, column: Column, values: Collection[Any]) -> set[Any]:
        """Which of these values somebody holds in the database, whoever may see them."""
        if not values:
            return set()
        everybody = self._meta.model._base_manager.filter(among(column.attribute, values))
        return set(everybody.values_list(column.attribute, flat=True))

    def _is_unique(self, column: Column) -> bool:
        return bool(getattr(self._field(column), "unique", False))

    def _refuse_taken_in(self, column: Column, rows: list[Checked]) -> None:
        values = [row.given.get(column.name) if row.kind == NEW else column.value(row.instance) for row in rows]
        name = column.attribute
        everybody = self._meta.model._base_manager.filter(**{f"{name}__in": [value for value in values if value]})
        holders = dict(everybody.values_list(name, "pk"))
        for row, value in zip(rows, values, strict=True):
            if not value:
                continue
            first = self.seen(column).first(value, row.number)
            if first != row.number:
                reason = _("stands in row {n} already").format(n=first)
                self.fault(row, column.name, reason, value)
            elif value in holders and (row.kind == NEW or holders[value] != row.instance.pk):
                self.fault(row, column.name, _("belongs to somebody else already"), value)

    def forget_seen(self) -> None:
        """Begin again: the next rows are those of a new pass over the file."""
        self._seen.clear()


def _is_plain(field: Any) -> bool:
    """Tell whether a field asks nothing of a text but its validators."""
    return isinstance(field, models.CharField) and not field.choices


def _is_fine(field: Any, text: Any) -> bool:
    """Tell whether a plain field accepts a text; whether another one does is for its `clean` to say."""
    if not (isinstance(text, str) and text and _is_plain(field)):
        return False
    try:
        for validate in field.validators:
            validate(text)
    except ValidationError:
        return False
    return True
