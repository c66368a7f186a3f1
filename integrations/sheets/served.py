"""Resources whose rows are written by services: the same rules, audit and effects as in the back office and the API.

class DepartmentResource(ServedResource):
    def create(self, by, row, values): return services.create_department(by=by, **values)
    def update(self, by, row, values): return services.update_department(by=by, department=row.instance, **values)
    def delete(self, by, instance): services.delete_department(by=by, department=instance)
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import CHANGED, NEW, Checked, Given
from project.core.errors import GatehouseError


class ServedResource(SheetResource):
    """Every row is one call of a service.

    A preview tries the calls and takes them back, so that whatever a service would refuse is said of its row before
    anything is written. When an import is taken back, `by` is None: nobody is asked whether they may.
    """

    # a chunk is one transaction, and a service asks more than a bulk insert does
    chunk_rows: ClassVar[int] = 25

    def create(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Any:
        """Add what a new row says, by column; return it."""
        raise NotImplementedError

    def update(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Any:
        """Change `row.instance` as the row says; `values` holds only what differs."""
        raise NotImplementedError

    def delete(self, by: Any, instance: Any) -> None:
        """Take out again what `create` made."""
        raise NotImplementedError

    def begin(self) -> None:
        """Rows are about to be tried or written in a transaction; whatever was cached of the tables may be old."""

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        checked = super().examine(rows)
        if not self.trusted:
            self._try_out([row for row in checked if row.kind in (NEW, CHANGED)])
        return checked

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        self.begin()
        written = [(row.kind, self._write(row)) for row in rows]
        return [instance.pk for kind, instance in written if kind == NEW]

    def unwrite(self, keys: Sequence[Any]) -> None:
        made = self._meta.model._default_manager.in_bulk(keys)
        for key in reversed(keys):  # what was made later may hang on what was made before
            if key in made:
                self.delete(self._by, made[key])

    @property
    def _by(self) -> Any:
        return None if self.trusted else self.actor

    def _write(self, row: Checked) -> Any:
        columns = {name: self.column(name) for name in row.changes}
        values = {
            name: row.many[name] if column.many else getattr(row.instance, column.attribute)
            for name, column in columns.items()
        }
        return (self.create if row.kind == NEW else self.update)(self._by, row, values)

    def _try_out(self, rows: Sequence[Checked]) -> None:
        with transaction.atomic():
            self.begin()
            for row in rows:
                try:
                    with transaction.atomic():
                        self._write(row)
                except ValidationError as problem:
                    self._refuse(row, problem)
                except GatehouseError as problem:
                    self.fault(row, self.key.name, str(problem), row.key)
            transaction.set_rollback(True)
        self.begin()

    def _refuse(self, row: Checked, problem: ValidationError) -> None:
        named = problem.message_dict if hasattr(problem, "error_dict") else {NON_FIELD_ERRORS: problem.messages}
        for name, said in named.items():
            to_blame = name if name in row.values else self.key.name
            self.fault(row, to_blame, " ".join(said), row.values.get(to_blame))
