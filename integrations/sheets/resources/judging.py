"""Rows on their way in: what each of them would do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.sheets.batches import Batch, Certain
from integrations.sheets.columns import Column
from integrations.sheets.quick import QuickLane
from integrations.sheets.reader.process import Cell, to_plain
from integrations.sheets.resources.values import Accepting
from integrations.sheets.rows import BAD, CHANGED, NEW, UNCHANGED, Checked, Given, said, same, says_something


class Judging(Accepting):
    """Compares rows of a sheet with what is there."""

    def sift(self, batch: Batch, *, hopeful: bool = False) -> tuple[Certain, list[Checked]]:
        """Say of each row what it would do: of new ones that are certainly right by column, of all others as `examine` does.

        Who is `hopeful` takes rows for new that were so before: if they are not, the database refuses to write them.
        """
        if self.weighed is None:
            return Certain(), self.examine(batch.rows())
        for name, cells in batch.cells.items():
            self.column(name).expect(cells)
        certain = self._lane.recognise(batch, hopeful=hopeful)
        places = set(certain.places)
        others = [at for at in range(len(batch.numbers)) if at not in places]
        return certain, self.examine(batch.only(others).rows()) if others else []

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        """Say of each row what it would do. Rows of earlier calls count when keys are compared."""
        for column, cells in self._cells_by_column(rows):
            column.expect(cells)
        read = [self._read(row) for row in rows]
        found = self.load([row.key for row, _values in read if row.key])
        for given, (row, values) in zip(rows, read, strict=True):
            self._refuse_repeated(row, given)
            self._judge(row, values, found.get(row.key))
        checked = [row for row, _values in read]
        self.refuse_taken([row for row in checked if row.kind in (NEW, CHANGED)])
        return checked

    @cached_property
    def _lane(self) -> QuickLane:
        return QuickLane(self, self.weighed or ())

    def load(self, keys: Iterable[str]) -> dict[str, Any]:
        """Find what the rows are about, by key."""
        name = self.key.attribute
        rows = self._related(self.queryset().filter(**{f"{name}__in": set(keys)}))
        return {getattr(row, name): row for row in rows}

    def _cells_by_column(self, rows: Sequence[Given]) -> Iterator[tuple[Column, list[Cell]]]:
        names = rows[0].cells if rows else ()
        return ((self.column(name), [row.cells.get(name) for row in rows]) for name in names)

    def _read(self, given: Given) -> tuple[Checked, dict[str, Any]]:
        row = Checked(given.number)
        values: dict[str, Any] = {}
        for name, cell in given.cells.items():
            column = self.fields[name]
            if column.secret:
                row.has_secrets = row.has_secrets or cell is not None
            else:
                row.values[name] = to_plain(cell)
            try:
                values[name] = column.read(cell)
            except (ValidationError, ValueError) as problem:
                self.fault(row, name, said(problem), cell)
        key = values.get(self.key.name)
        row.key = key if isinstance(key, str) else "" if key is None else str(key)
        if not row.key and row.kind != BAD:
            self.fault(row, self.key.name, _("must not be empty"))
        return row, values

    def _refuse_repeated(self, row: Checked, given: Given) -> None:
        if row.key and (first := self.seen(self.key).first(row.key, row.number)) != row.number:
            reason = _("stands in row {n} already").format(n=first)
            self.fault(row, self.key.name, reason, given.cells.get(self.key.name))

    def _judge(self, row: Checked, values: dict[str, Any], instance: Any) -> None:
        if not row.key:
            return
        is_new = instance is None
        row.instance = self._blank() if is_new else instance
        self._assign(row, values, is_new=is_new)
        # a row that would change nothing needs no right to
        if (is_new or row.changes) and not self.trusted and (reason := self.guard(instance, values)):
            self.fault(row, self.key.name, reason, row.key)
        if row.kind != BAD:
            self.check_row(row.instance, values, row)
        if row.kind != BAD:
            row.kind = NEW if is_new else CHANGED if row.changes else UNCHANGED

    def _assign(self, row: Checked, values: dict[str, Any], *, is_new: bool) -> None:
        for name, value in values.items():
            column = self.column(name)
            if column.secret:
                if is_new and value:
                    self._passes(row, column, value, self.accept_secret)
                continue
            old = None if is_new else column.value(row.instance)
            if not is_new and same(old, value):
                continue
            if is_new and not says_something(value) and not column.required:
                continue  # the model's own default
            if self.judged or self._passes(row, column, value, self.accept):
                row.changes[name] = [None if is_new else to_plain(column.show(old)), to_plain(column.show(value))]
                if is_new:
                    row.given[name] = value
                if column.many:
                    row.many[name] = value
                else:
                    column.assign(row.instance, value)

    def _passes(self, row: Checked, column: Column, value: Any, judge: Callable[[Column, Any, Any], None]) -> bool:
        try:
            judge(column, value, row.instance)
        except ValidationError as problem:
            self.fault(row, column.name, said(problem), row.values.get(column.name))
            return False
        return True

    def _blank(self) -> Any:
        """A new instance. By position: looking each field up among keywords takes three times as long."""
        return self._meta.model(*[value() if callable(value) else value for value in self._defaults])

    @cached_property
    def _defaults(self) -> list[Any]:
        return [
            field.get_default if field.has_default() and callable(field.default) else field.get_default()
            for field in self._meta.model._meta.concrete_fields
        ]
