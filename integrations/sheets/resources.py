"""The base of every resource: what a model's rows look like in a sheet, and what a sheet's rows mean for the model.

A resource opts in with a few lines:

    class RoomResource(SheetResource):
        number = Column("number", _("number"), required=True)
        floor = Column("floor", _("floor"))

        class Meta:
            model = Room
            fields = ("number", "floor")        # the allow-list, in the order of the sheet
            import_id_fields = ("number",)      # the business key: how a row finds what it is about

    SHEET_RESOURCES = {"rooms": "rooms.resources.RoomResource"}
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from import_export import resources

from integrations.sheets.columns import Choice, Column
from integrations.sheets.filters import narrowed
from integrations.sheets.reader.process import Cell, to_plain
from integrations.sheets.rows import BAD, CHANGED, NEW, UNCHANGED, Checked, Given, said, same, shown
from project.core.errors import NotFound

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class SheetResource(resources.ModelResource):  # type: ignore[misc]  # import-export has no types
    """A resource whose columns are allow-listed, found by header in any language, and checked row by row."""

    title: ClassVar["StrOrPromise"] = ""
    refused: ClassVar[Sequence[Column]] = ()
    """Columns that are known and always ignored, each with the reason that people are told."""
    import_permissions: ClassVar[tuple[str, ...]] = ()
    export_permission: ClassVar[str] = ""
    related: ClassVar[tuple[str, ...]] = ()
    prefetched: ClassVar[tuple[str, ...]] = ()
    chunk_rows: ClassVar[int] = 250
    """So many rows are checked, and written in one transaction, at a time."""
    needs_proof: ClassVar[bool] = False
    """Whoever confirms an import must have shown of late that it is them."""
    filter_readers: ClassVar[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {}
    """What rows may be filtered by: name → look-up of the model, and what reads the value (`ValueError`: cannot be)."""
    search_fields: ClassVar[tuple[str, ...]] = ()
    """Where `search` looks."""

    def __init__(
        self,
        *,
        actor: Any,
        places: Mapping[str, str] | None = None,
        sheet: str = "",
        trusted: bool = False,
        **options: Any,
    ) -> None:
        """`places` tells the letter under which a column stands in the sheet being read; `trusted` skips the guard."""
        super().__init__(**options)
        self.actor, self.places, self.sheet, self.trusted = actor, dict(places or {}), sheet, trusted
        self._seen: dict[Any, int] = {}

    # --- what it consists of ---

    @cached_property
    def columns(self) -> list[Column]:
        return [self.fields[name] for name in self._meta.fields]

    @cached_property
    def key(self) -> Column:
        return self.column(self._meta.import_id_fields[0])

    def column(self, name: str) -> Column:
        return self.fields[name]  # type: ignore[no-any-return]  # import-export has no types

    def header_columns(self) -> list[Column]:
        """Every column a header may mean, the refused ones included."""
        return [*self.columns, *self.refused]

    def export_columns(self, chosen: Sequence[str] | None = None) -> list[Column]:
        """The columns the actor may take out, in the sheet's order; all of them unless some were chosen."""
        allowed = [column for column in self.columns if column.exported and self._may(column.permission)]
        return [column for column in allowed if column.name in chosen] if chosen else allowed

    def may_import(self) -> bool:
        return all(self._may(permission) for permission in self.import_permissions)

    def may_export(self) -> bool:
        return self._may(self.export_permission)

    def _may(self, permission: str) -> bool:
        return not permission or self.actor.has_perm(permission)

    # --- what a resource may decide ---

    def queryset(self) -> "models.QuerySet[Any]":
        """The rows in the actor's scope: what they may export, and what an import may find."""
        return self._meta.model._default_manager.all()  # type: ignore[no-any-return]

    def filtered(self, filters: Mapping[str, Any]) -> "models.QuerySet[Any]":
        """The rows of an export; `filters` come from the list it was started on.

        :raises InvalidParameters: for filters nobody knows, and values they cannot have.
        """
        return narrowed(self.queryset(), filters, readers=self.filter_readers, search=self.search_fields)

    def choices(self, column: Column) -> list[str]:
        """What may stand in a column's cells, for the drop-downs of the template; empty for anything."""
        return column.widget.choices() if isinstance(column.widget, Choice) else []

    def guard(self, instance: Any, values: Mapping[str, Any]) -> str:
        """Return why the actor may not write this row, or nothing."""
        return ""

    def check_row(self, instance: Any, values: Mapping[str, Any], row: Checked) -> None:
        """Add errors that concern the row as a whole with `self.fault`."""

    def accept_secret(self, column: Column, value: Any, instance: Any) -> None:
        """Judge a secret of a new row.

        :raises ValidationError: when it will not do; the message must not repeat it.
        """

    def seal(self, secrets: Mapping[int, Mapping[str, Any]], beat: Callable[[], None]) -> dict[int, dict[str, Any]]:
        """Make of secrets, by row number, what may be stored; call `beat` now and then while that takes its time."""
        return {number: dict(each) for number, each in secrets.items()}

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        """Save checked rows that are new or changed; return the keys of what was made. Called in a transaction."""
        model = self._meta.model
        made = [row.instance for row in rows if row.kind == NEW]
        model._default_manager.bulk_create(made)
        changed = [row for row in rows if row.kind == CHANGED]
        names = {name for row in changed for name in row.changes if not self.column(name).many}
        if names:
            attributes = [self.column(name).attribute for name in names]
            model._default_manager.bulk_update([row.instance for row in changed], attributes, batch_size=200)
        return [instance.pk for instance in made]

    def unwrite(self, keys: Sequence[Any]) -> None:
        """Take out again what `write` made. Called in a transaction."""
        self._meta.model._default_manager.filter(pk__in=keys).delete()

    # --- checking ---

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        """Say of each row what it would do. Rows of earlier calls count when keys are compared."""
        read = [self._read(row) for row in rows]
        found = self.load([row.key for row, _values in read if row.key])
        for row, values in read:
            self._judge(row, values, found.get(row.key))
        self._refuse_taken([row for row, _values in read if row.kind in (NEW, CHANGED)])
        return [row for row, _values in read]

    def load(self, keys: Iterable[str]) -> dict[str, Any]:
        """Find what the rows are about, by key."""
        name = self.key.attribute
        rows = self._related(self.queryset().filter(**{f"{name}__in": set(keys)}))
        return {getattr(row, name): row for row in rows}

    def _related(self, rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

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

    def _read(self, given: Given) -> tuple[Checked, dict[str, Any]]:
        row = Checked(given.number)
        values: dict[str, Any] = {}
        for name, cell in given.cells.items():
            column = self.column(name)
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
        elif row.key and (first := self._seen.setdefault(("key", row.key), row.number)) != row.number:
            reason = _("stands in row {n} already").format(n=first)
            self.fault(row, self.key.name, reason, given.cells.get(self.key.name))
        return row, values

    def _judge(self, row: Checked, values: dict[str, Any], instance: Any) -> None:
        if not row.key:
            return
        is_new = instance is None
        row.instance = self._meta.model() if is_new else instance
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
            if is_new and not value and value is not False and not column.required:
                continue  # the model's own default
            if self._passes(row, column, value, self.accept):
                row.changes[name] = [None if is_new else to_plain(column.show(old)), to_plain(column.show(value))]
                if column.many:
                    row.many[name] = value
                else:
                    column.assign(row.instance, value)

    def accept(self, column: Column, value: Any, instance: Any) -> None:
        """Judge a value by the model's own field.

        :raises ValidationError: when it will not do.
        """
        try:
            known = self._meta.model._meta.get_field(column.attribute)
        except FieldDoesNotExist:
            return
        if column.many:
            return
        if isinstance(known, models.ForeignKey):
            if value is None and not known.null:
                raise ValidationError(_("must not be empty"))
            return
        known.clean(value, instance)

    def _passes(self, row: Checked, column: Column, value: Any, judge: Callable[[Column, Any, Any], None]) -> bool:
        try:
            judge(column, value, row.instance)
        except ValidationError as problem:
            self.fault(row, column.name, said(problem), row.values.get(column.name))
            return False
        return True

    def _refuse_taken(self, rows: list[Checked]) -> None:
        """Unique columns besides the key: neither twice in the file nor somebody else's in the database."""
        for column in self.columns:
            if column is not self.key and not column.many and self._is_unique(column):
                self._refuse_taken_in(column, [row for row in rows if column.name in row.changes and row.kind != BAD])

    def _is_unique(self, column: Column) -> bool:
        try:
            return bool(getattr(self._meta.model._meta.get_field(column.attribute), "unique", False))
        except FieldDoesNotExist:
            return False

    def _refuse_taken_in(self, column: Column, rows: list[Checked]) -> None:
        wanted = {column.value(row.instance): row for row in rows if column.value(row.instance)}
        name = column.attribute
        everybody = self._meta.model._base_manager.filter(**{f"{name}__in": list(wanted)})
        holders = dict(everybody.values_list(name, "pk"))
        for row in rows:
            value = column.value(row.instance)
            if not value:
                continue
            first = self._seen.setdefault((column.name, value), row.number)
            if first != row.number:
                reason = _("stands in row {n} already").format(n=first)
                self.fault(row, column.name, reason, value)
            elif holders.get(value, row.instance.pk) != row.instance.pk:
                self.fault(row, column.name, _("belongs to somebody else already"), value)

    def forget_seen(self) -> None:
        """Begin again: the next rows are those of a new pass over the file."""
        self._seen.clear()

    # --- out ---

    def export_rows(self, queryset: "models.QuerySet[Any]", columns: Sequence[Column]) -> Iterator[list[Cell]]:
        """Stream rows as cells, in constant memory."""
        for instance in self._related(queryset).iterator(chunk_size=1_000):
            yield [column.cell(instance) for column in columns]


def resource_class(name: str) -> type[SheetResource]:
    """Find a resource by the name it has in SHEET_RESOURCES.

    :raises NotFound: for a name that is not there.
    """
    path = settings.SHEET_RESOURCES.get(name)
    if path is None:
        raise NotFound(_("There is no resource of the name “{name}”."), name=str(name)[:40])
    found: type[SheetResource] = import_string(path)
    return found
