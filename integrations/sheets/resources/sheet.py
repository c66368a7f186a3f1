"""The base of every resource: declared, judged, written, and taken out again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from integrations.sheets import ties
from integrations.sheets.batches import Certain
from integrations.sheets.columns import Column
from integrations.sheets.reader.process import Cell
from integrations.sheets.resources.judging import Judging
from integrations.sheets.rows import CHANGED, NEW, Checked
from integrations.sheets.ties import Tie
from integrations.sheets.updating import update
from project.core.errors import InvalidParameters, NotFound

AT_ONCE = 1_000
"""So many rows are read of the database and turned into cells at a time."""


class SheetResource(Judging):
    """A resource whose columns are allow-listed, found by header in any language, and checked row by row."""

    # --- in ---

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        """Save checked rows that are new or changed; return the keys of what was made. Called in a transaction."""
        made = [row.instance for row in rows if row.kind == NEW]
        self._meta.model._default_manager.bulk_create(made)
        self.write_changes([row for row in rows if row.kind == CHANGED])
        return [instance.pk for instance in made]

    def write_certain(self, rows: Certain) -> list[Any]:
        """Save new rows that are given by column; return their keys. Called in a transaction."""
        raise NotImplementedError

    def write_changes(self, rows: Sequence[Checked]) -> None:
        """Save what changed in rows that were there before."""
        model = self._meta.model
        changes = [(row.instance, self._changed_fields(row)) for row in rows]
        names = {name for _instance, changed in changes for name in changed}
        if names <= {field.name for field in model._meta.local_concrete_fields}:
            update(model, changes)
        else:  # some stand in the table of a model that this one inherits
            model._default_manager.bulk_update([row.instance for row in rows], names, batch_size=200)

    def _changed_fields(self, row: Checked) -> set[str]:
        columns = map(self.column, row.changes)
        return {column.attribute for column in columns if not column.many}

    def unwrite(self, keys: Sequence[Any]) -> None:
        """Take out again what `write` made. Called in a transaction."""
        self._meta.model._default_manager.filter(pk__in=keys).delete()

    def ties(self, keys: Collection[Any]) -> list[Tie]:
        """Say what hangs by now on rows that an import made; those are not taken out again."""
        return list(ties.hanging(self._meta.model, keys, self.goes_along))

    def ensure_may_invite(self) -> None:
        """:raises InvalidParameters: unless what an import adds can be invited."""
        raise InvalidParameters(fields={"invite": [_("There is nobody to invite.")]})

    def invite(self, keys: Sequence[Any]) -> int:
        """Invite those of the rows an import added that want it; return how many. Called in a transaction."""
        return 0

    # --- out ---

    def export_rows(self, queryset: "models.QuerySet[Any]", columns: Sequence[Column]) -> Iterator[Sequence[Cell]]:
        """Stream rows as cells, in constant memory."""
        if any(column.needs_instances or not self._is_stored(column) for column in columns):
            for instance in self._related(queryset).iterator(chunk_size=AT_ONCE):
                yield [column.cell(instance) for column in columns]
            return
        lookups = ["pk", *(column.lookup for column in columns if not column.many)]
        rows = _each_once(queryset).values_list(*lookups).iterator(chunk_size=AT_ONCE)
        while batch := list(islice(rows, AT_ONCE)):
            keys, *values = zip(*batch, strict=True)
            found = iter(values)
            asked = [self.gathered(column, keys) if column.many else next(found) for column in columns]
            yield from zip(*[column.cells(each) for column, each in zip(columns, asked, strict=True)], strict=True)

    def gathered(self, column: Column, keys: Sequence[Any]) -> list[Any]:
        """What rows hold in a column that is `many`, for the rows of these keys, in their order."""
        raise NotImplementedError

    def _is_stored(self, column: Column) -> bool:
        """Whether the database can be asked for a column by itself."""
        return column.many or bool(getattr(self._field(column), "concrete", False))


def _each_once(queryset: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """The same rows, without having the database look for rows that come twice where only a join could make them."""
    every = queryset.all()
    if len(every.query.alias_map) <= 1:
        every.query.distinct = False
    return every


def resource_class(name: str) -> type[SheetResource]:
    """Find a resource by the name it has in SHEET_RESOURCES.

    :raises NotFound: for a name that is not there.
    """
    path = settings.SHEET_RESOURCES.get(name)
    if path is None:
        raise NotFound(_("There is no resource of the name “{name}”."), name=str(name)[:40])
    found: type[SheetResource] = import_string(path)
    return found
