"""The quick lane: new rows that are certainly right are recognised column by column, many rows at once.

What a row means is decided in `resources.judging`, row by row; that takes an instance and a dozen calls a cell. Most rows of a
large import are of people nobody knows yet, in plain texts, and of those it is certain what would be decided. Whatever is
doubtful here, for whatever reason, is left to be decided there: nothing is refused in this module.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxLengthValidator

from integrations.sheets.columns import BLANKS, Column, Text
from integrations.sheets.reader.process import Cell
from integrations.sheets.rows import Checked, Given, says_something

if TYPE_CHECKING:
    from integrations.sheets.resources.values import Accepting

REMEMBERED = 1_000
"""So many cells of a column are not read anew when they come again."""
Values = list[Any]
DOUBT = object()
"""Stands for a value that is for others to judge."""


class QuickLane:
    """Recognises rows for one resource, batch by batch."""

    def __init__(self, resource: "Accepting") -> None:
        self._resource = resource
        self._meanings: dict[str, dict[str | None, tuple[Any, Cell]]] = defaultdict(dict)

    def recognise(self, rows: Sequence[Given]) -> dict[int, Checked]:
        """Return those of `rows`, by their place among them, that are right if they are new."""
        if not rows or any(row.cells.keys() != rows[0].cells.keys() for row in rows):
            return {}
        doubtful: set[int] = set()
        read: list[tuple[Column, Values, Values]] = []
        cells_of_columns = zip(*[row.cells.values() for row in rows], strict=True)
        for name, cells in zip(rows[0].cells, cells_of_columns, strict=True):
            column = self._resource.column(name)
            if column.secret:
                doubtful.update(at for at, cell in enumerate(cells) if cell is not None)
                continue
            values, shown = self._read(column, cells)
            doubtful.update(at for at, value in enumerate(values) if value is DOUBT or (column.required and not value))
            read.append((column, values, shown))
        return {at: row for at, row in enumerate(self._checked(rows, read)) if at not in doubtful}

    def _checked(self, rows: Sequence[Given], read: Sequence[tuple[Column, Values, Values]]) -> Iterator[Checked]:
        names = [column.name for column, _values, _shown in read]
        many = [column.name for column, _values, _shown in read if column.many]
        key = names.index(self._resource.key.name)
        values = zip(*[values for _column, values, _shown in read], strict=True)
        shown = zip(*[shown for _column, _values, shown in read], strict=True)
        for row, fresh, seen in zip(rows, values, shown, strict=True):
            given = {name: value for name, value in zip(names, fresh, strict=True) if says_something(value)}
            yield Checked(
                row.number,
                key=fresh[key],
                values={name: row.cells[name] for name in names},
                changes={name: [None, cell] for name, cell in zip(names, seen, strict=True) if name in given},
                many={name: given[name] for name in many if name in given},
                given=given,
            )

    def _read(self, column: Column, cells: Sequence[Cell]) -> tuple[Values, Values]:
        """Return a column's values and how they are shown; DOUBT for what is not certain to be accepted."""
        if type(column.widget).clean is not Text.clean:
            pairs = [self._meaning(column, cell) for cell in cells]
            return [value for value, _shown in pairs], [shown for _value, shown in pairs]
        normal = column.widget.normal
        texts = [
            normal(cell.strip(BLANKS)) if isinstance(cell, str) else "" if cell is None else DOUBT for cell in cells
        ]
        if not self._resource.judged and not self._all_fine(column, [text for text in texts if text]):
            texts = [text if isinstance(text, str) and self._is_fine(column, text) else DOUBT for text in texts]
        return texts, texts

    def _all_fine(self, column: Column, texts: Values) -> bool:
        validators = self._resource.validators(column)
        if validators is None or DOUBT in texts:
            return False
        return all(_accepts_all(validator, texts) for validator in validators)

    def _meaning(self, column: Column, cell: Cell) -> tuple[Any, Cell]:
        if cell.__class__ is not str and cell is not None:
            return DOUBT, None
        known = self._meanings[column.name]
        meaning = known.get(cell)
        if meaning is None:
            meaning = self._read_one(column, cell)
            if len(known) < REMEMBERED:
                known[cell] = meaning
        return meaning

    def _read_one(self, column: Column, cell: str | None) -> tuple[Any, Cell]:
        try:
            value = column.read(cell)
        except (ValidationError, ValueError):
            return DOUBT, None
        if not says_something(value):
            return value, None
        certain = self._resource.judged or self._is_fine(column, value)
        return (value, column.show(value)) if certain else (DOUBT, None)

    def _is_fine(self, column: Column, value: Any) -> bool:
        try:
            if says_something(value):
                self._resource.accept(column, value, None)
        except ValidationError:
            return False
        return True


def _accepts_all(validator: Any, texts: list[str]) -> bool:
    """Tell whether a validator certainly accepts many texts; the commonest ones look at all of them at once."""
    if isinstance(validator, MaxLengthValidator) and isinstance(validator.limit_value, int):
        return max(map(len, texts), default=0) <= validator.limit_value
    if type(validator) is EmailValidator:
        return _are_addresses(validator, texts)
    if hasattr(validator, "accepts_all"):
        return bool(validator.accepts_all(texts))
    try:
        for text in texts:
            validator(text)
    except ValidationError:
        return False
    return True


def _are_addresses(validator: EmailValidator, texts: list[str]) -> bool:
    """What `validator` says of each, with every domain looked at once: many people have few of them."""
    if max(map(len, texts), default=0) > 320:
        return False
    parts = [text.rpartition("@") for text in texts]
    domains = {domain for _user, _at, domain in parts}
    users = (user for user, _at, _domain in parts)
    return all(map(validator.validate_domain_part, domains)) and all(map(validator.user_regex.match, users))
