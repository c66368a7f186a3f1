"""The quick lane: new rows that are certainly right are recognised column by column, many rows at once.

What a row means is decided in `resources.judging`, row by row; that takes an instance and a dozen calls a cell. Most rows of a
large import are of people nobody knows yet, in plain texts, and of those it is certain what would be decided. Whatever is
doubtful here, for whatever reason, is left to be decided there: nothing is refused in this module.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxLengthValidator, RegexValidator

from integrations.sheets.batches import Batch, Certain
from integrations.sheets.columns import Column, Text
from integrations.sheets.inserting import DEFAULT
from integrations.sheets.reader.process import Cell
from integrations.sheets.rows import BAD, BLANKS, Checked, says_something

if TYPE_CHECKING:
    from integrations.sheets.resources.judging import Judging

REMEMBERED = 1_000
"""So many cells of a column are not read anew when they come again."""
Values = list[Any]
DOUBT = object()
"""Stands for a value that is for others to judge."""


class QuickLane:
    """Recognises rows for one resource, batch by batch."""

    def __init__(self, resource: "Judging", weighed: Sequence[str]) -> None:
        self._resource, self._weighed = resource, weighed
        self._meanings: dict[str, dict[str | None, tuple[Any, Cell]]] = defaultdict(dict)

    def recognise(self, batch: Batch, *, hopeful: bool = False) -> Certain:
        """Return those rows that are right, and new. Who is `hopeful` leaves it to the database to refuse what is taken."""
        key = self._resource.key.name
        if key not in batch.cells:
            return Certain()
        values: dict[str, Values] = {}
        shown: dict[str, list[Cell]] = {}
        doubtful: set[int] = set()
        for name, cells in batch.cells.items():
            column = self._resource.column(name)
            if column.secret:
                doubtful.update(at for at, cell in enumerate(cells) if cell is not None)
                continue
            values[name], shown[name] = self._read(column, cells)
            doubtful.update(at for at, value in enumerate(values[name]) if value is DOUBT)
            if column.required or name == key:
                doubtful.update(at for at, value in enumerate(values[name]) if value is DEFAULT)
        doubtful |= self._unweighed(values, doubtful)
        if not hopeful:
            doubtful |= self._colliding(batch, values, doubtful)
        found = _without(doubtful, batch, values, shown, key)
        if not hopeful:
            self._remember(found)
        return found

    # --- one column ---

    def _read(self, column: Column, cells: Sequence[Cell]) -> tuple[Values, list[Cell]]:
        """Return a column's values and how they are shown; DOUBT for what is not certain to be accepted."""
        if type(column.widget).clean is not Text.clean:
            meanings = {cell: self._meaning(column, cell) for cell in set(cells)}
            values = {cell: value for cell, (value, _shown) in meanings.items()}
            shown = {cell: seen for cell, (_value, seen) in meanings.items()}
            return [values[cell] for cell in cells], [shown[cell] for cell in cells]
        texts: Values = [
            cell.strip(BLANKS) if cell.__class__ is str else "" if cell is None else DOUBT for cell in cells
        ]
        if type(column.widget).normal is not Text.normal:
            normal = column.widget.normal
            texts = [text if text is DOUBT else normal(text) for text in texts]
        if not self._resource.judged and not self._all_fine(column, [text for text in texts if text]):
            texts = [text if isinstance(text, str) and self._is_fine(column, text) else DOUBT for text in texts]
        return [text or DEFAULT for text in texts], [text or None for text in texts]

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
            return DEFAULT, None
        seen = column.show(value) if self._resource.judged or self._is_fine(column, value) else None
        return (DOUBT, None) if seen is None else (value, seen)

    def _is_fine(self, column: Column, value: Any) -> bool:
        try:
            if says_something(value):
                self._resource.accept(column, value, None)
        except ValidationError:
            return False
        return True

    # --- rows as a whole ---

    def _unweighed(self, values: dict[str, Values], doubtful: set[int]) -> set[int]:
        """Rows whose writing is not certainly allowed: asked once for each combination of what is asked about."""
        weighed = [name for name in self._weighed if name in values]
        if not weighed:
            return set() if self._may_be({}) else set(range(len(next(iter(values.values())))))
        verdicts: dict[tuple[int, ...], bool] = {}
        refused: set[int] = set()
        for at, said in enumerate(zip(*[values[name] for name in weighed], strict=True)):
            # one cell means one object, so their names will do
            same = tuple(map(id, said))
            if same not in verdicts:
                if at in doubtful:
                    continue
                verdicts[same] = self._may_be(dict(zip(weighed, said, strict=True)))
            if not verdicts[same]:
                refused.add(at)
        return refused

    def _may_be(self, said: dict[str, Any]) -> bool:
        resource = self._resource
        given = {name: value for name, value in said.items() if value is not DEFAULT}
        row = Checked(0, given=given, changes={name: [None, None] for name in given})
        row.many = {name: value for name, value in given.items() if resource.column(name).many}
        if not resource.trusted and resource.guard(None, given):
            return False
        resource.check_row(None, given, row)
        return row.kind != BAD

    def _colliding(self, batch: Batch, values: dict[str, Values], doubtful: set[int]) -> set[int]:
        """Rows that have something that only one may have in common with others, of the sheet or of the database."""
        found: set[int] = set()
        for column in self._resource.unique_columns():
            if column.name in values:
                found |= self._colliding_in(column, batch.cells[column.name], values[column.name], doubtful)
        return found

    def _colliding_in(self, column: Column, cells: Sequence[Cell], values: Values, doubtful: set[int]) -> set[int]:
        ours = [value for at, value in enumerate(values) if value is not DEFAULT and at not in doubtful]
        every = set(ours)
        taken = self._resource.holders(column, every)
        taken |= {text for at in doubtful if (text := self._text_of(column, cells[at]))}
        if len(every) < len(ours):
            taken |= {value for value, n in Counter(ours).items() if n > 1}
        taken |= self._resource.seen(column).among(every)
        if not taken:
            return set()
        # to some databases a name in other letters is the same name
        folded = {str(value).casefold() for value in taken}
        return {at for at, value in enumerate(values) if value is not DEFAULT and str(value).casefold() in folded}

    def _text_of(self, column: Column, cell: Cell) -> Any:
        try:
            return column.read(cell)
        except (ValidationError, ValueError):
            return None

    def _remember(self, certain: Certain) -> None:
        """Whoever comes later with one of these is told which row has it."""
        for column in self._resource.unique_columns():
            if values := certain.values.get(column.name):
                said = zip(values, certain.numbers, strict=True)
                self._resource.seen(column).add((value, number) for value, number in said if value is not DEFAULT)


def _without(
    doubtful: set[int], batch: Batch, values: dict[str, Values], shown: dict[str, list[Cell]], key: str
) -> Certain:
    cells = {name: batch.cells[name] for name in values}
    places: Sequence[int] = range(len(batch.numbers))
    if not doubtful:
        return Certain(places, batch.numbers, values[key], cells, values, shown)
    places = [at for at in places if at not in doubtful]

    def some(columns: dict[str, Any]) -> dict[str, list[Any]]:
        return {name: [column[at] for at in places] for name, column in columns.items()}

    left = some(values)
    return Certain(places, [batch.numbers[at] for at in places], left[key], some(cells), left, some(shown))


def _accepts_all(validator: Any, texts: list[str]) -> bool:
    """Tell whether a validator certainly accepts many texts; the commonest ones look at all of them at once."""
    if isinstance(validator, MaxLengthValidator) and isinstance(validator.limit_value, int):
        return max(map(len, texts), default=0) <= validator.limit_value
    if type(validator) is EmailValidator:
        return _are_addresses(validator, texts)
    if hasattr(validator, "accepts_all"):
        return bool(validator.accepts_all(texts))
    if type(validator).__call__ is RegexValidator.__call__:
        found = map(validator.regex.search, texts)
        return not any(found) if validator.inverse_match else all(found)
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
