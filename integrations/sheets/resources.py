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

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from import_export import resources

from integrations.sheets import ties
from integrations.sheets.columns import Choice, Column
from integrations.sheets.filters import narrowed
from integrations.sheets.quick import QuickLane
from integrations.sheets.reader.process import Cell, to_plain
from integrations.sheets.rows import BAD, CHANGED, NEW, UNCHANGED, Checked, Given, said, same, says_something, shown
from integrations.sheets.ties import Tie
from project.core.errors import InvalidParameters, NotFound

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

AT_ONCE = 1_000
"""So many rows are read of the database and turned into cells at a time."""
REMEMBERED = 1_000
"""So many accepted values of a column are not judged again when they come again."""


class SheetResource(resources.ModelResource):  # type: ignore[misc]  # import-export has no types
    """A resource whose columns are allow-listed, found by header in any language, and checked row by row."""

    title: ClassVar["StrOrPromise"] = ""
    refused: ClassVar[Sequence[Column]] = ()
    """Columns that are known and always ignored, each with the reason that people are told."""
    import_permissions: ClassVar[tuple[str, ...]] = ()
    export_permission: ClassVar[str] = ""
    related: ClassVar[tuple[str, ...]] = ()
    prefetched: ClassVar[tuple[str, ...]] = ()
    chunk_rows: ClassVar[int] = 1_000
    """At most so many rows are checked, and written in one transaction, at a time."""
    quick: ClassVar[bool] = False
    """New rows may be judged without an instance: `accept`, `guard` and `check_row` get None for it, `write` gets `given`."""
    needs_proof: ClassVar[bool] = False
    """Whoever confirms an import must have shown of late that it is them."""
    filter_readers: ClassVar[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {}
    """What rows may be filtered by: name → look-up of the model, and what reads the value (`ValueError`: cannot be)."""
    search_fields: ClassVar[tuple[str, ...]] = ()
    """Where `search` looks."""
    bookkeeping: ClassVar[tuple[str, ...]] = ()
    """Fields that move by themselves: a row that an import made counts as untouched whatever they say."""
    goes_along: ClassVar[tuple[str, ...]] = ()
    """Models ("app.Model") whose rows hinder no undo: they are taken out together with the row they point at."""

    def __init__(
        self,
        *,
        actor: Any,
        places: Mapping[str, str] | None = None,
        sheet: str = "",
        trusted: bool = False,
        judged: bool = False,
        hopeful: bool = False,
        **options: Any,
    ) -> None:
        """`places` tells the letter under which a column stands in the sheet being read.

        `trusted` skips the guard; values that are `judged` were accepted before, and only what depends on others is asked again.
        Who is `hopeful` takes new rows of a `quick` resource for new still: if they are not, the database refuses to write them.
        """
        super().__init__(**options)
        self.actor, self.places, self.sheet = actor, dict(places or {}), sheet
        self.trusted, self.judged, self.hopeful = trusted, judged, hopeful
        self._seen: dict[str, dict[Any, int]] = defaultdict(dict)

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
        made = [row.instance for row in rows if row.kind == NEW]
        self._meta.model._default_manager.bulk_create(made)
        self.write_changes([row for row in rows if row.kind == CHANGED])
        return [instance.pk for instance in made]

    def write_changes(self, rows: Sequence[Checked]) -> None:
        """Save what changed in rows that were there before."""
        names = {name for row in rows for name in row.changes if not self.column(name).many}
        if names:
            attributes = [self.column(name).attribute for name in names]
            instances = [row.instance for row in rows]
            self._meta.model._default_manager.bulk_update(instances, attributes, batch_size=200)

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

    # --- checking ---

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        """Say of each row what it would do. Rows of earlier calls count when keys are compared."""
        for column, cells in self._cells_by_column(rows):
            column.expect(cells)
        certain = self._lane.recognise(rows) if self.quick else {}
        read = [(certain[at], None) if at in certain else self._read(row) for at, row in enumerate(rows)]
        hopeful = self.hopeful and not any(values is not None for _row, values in read)
        found = {} if hopeful else self.load([row.key for row, _values in read if row.key])
        seen = self._seen[self.key.name]
        checked: list[Checked] = []
        for given, (row, values) in zip(rows, read, strict=True):
            if values is None and (row.key in found or row.key in seen):
                row, values = self._read(given)
            self._refuse_repeated(row, given)
            if values is None:
                self._judge_new(row)
            else:
                self._judge(row, values, found.get(row.key))
            checked.append(row)
        if not hopeful:
            self.refuse_taken([row for row in checked if row.kind in (NEW, CHANGED)])
        return checked

    @cached_property
    def _lane(self) -> QuickLane:
        return QuickLane(self)

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
        if row.key and (first := self._seen[self.key.name].setdefault(row.key, row.number)) != row.number:
            reason = _("stands in row {n} already").format(n=first)
            self.fault(row, self.key.name, reason, given.cells.get(self.key.name))

    def _judge_new(self, row: Checked) -> None:
        """What is left to be asked of a row whose values are certain."""
        if not self.trusted and (reason := self.guard(None, row.given)):
            self.fault(row, self.key.name, reason, row.key)
        if row.kind != BAD:
            self.check_row(None, row.given, row)

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

    def validators_of_new(self, column: Column) -> Sequence[Callable[[Any], None]]:
        """What a value of a new row must pass besides the model's own field."""
        return []

    def validators(self, column: Column) -> list[Callable[[Any], None]] | None:
        """All that `accept` asks of a text in a new row, or None where it asks more than validators do."""
        field = self._judges[column.name][0]
        return [*self.validators_of_new(column), *field.validators] if _is_plain(field) else None

    def _blank(self) -> Any:
        """A new instance. By position: looking each field up among keywords takes three times as long."""
        return self._meta.model(*[value() if callable(value) else value for value in self._defaults])

    @cached_property
    def _defaults(self) -> list[Any]:
        return [
            field.get_default if field.has_default() and callable(field.default) else field.get_default()
            for field in self._meta.model._meta.concrete_fields
        ]

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

    @cached_property
    def _judges(self) -> dict[str, tuple[Any, set[Any]]]:
        """The model's field of each column that has one, and values it has accepted: few columns have many."""
        return {column.name: (None if column.many else self._field(column), set()) for column in self.columns}

    def _field(self, column: Column) -> Any:
        try:
            return self._meta.model._meta.get_field(column.attribute)
        except FieldDoesNotExist:
            return None

    def _passes(self, row: Checked, column: Column, value: Any, judge: Callable[[Column, Any, Any], None]) -> bool:
        try:
            judge(column, value, row.instance)
        except ValidationError as problem:
            self.fault(row, column.name, said(problem), row.values.get(column.name))
            return False
        return True

    def refuse_taken(self, rows: list[Checked]) -> None:
        """Unique columns besides the key: neither twice in the file nor somebody else's in the database."""
        for column in self.columns:
            if column is not self.key and not column.many and self._is_unique(column):
                self._refuse_taken_in(column, [row for row in rows if column.name in row.changes and row.kind != BAD])

    def _is_stored(self, column: Column) -> bool:
        """Whether the database can be asked for a column by itself."""
        return column.many or bool(getattr(self._field(column), "concrete", False))

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
            first = self._seen[column.name].setdefault(value, row.number)
            if first != row.number:
                reason = _("stands in row {n} already").format(n=first)
                self.fault(row, column.name, reason, value)
            elif value in holders and (row.kind == NEW or holders[value] != row.instance.pk):
                self.fault(row, column.name, _("belongs to somebody else already"), value)

    def forget_seen(self) -> None:
        """Begin again: the next rows are those of a new pass over the file."""
        self._seen.clear()

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


def _each_once(queryset: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """The same rows, without having the database look for rows that come twice where only a join could make them."""
    every = queryset.all()
    if len(every.query.alias_map) <= 1:
        every.query.distinct = False
    return every


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


def resource_class(name: str) -> type[SheetResource]:
    """Find a resource by the name it has in SHEET_RESOURCES.

    :raises NotFound: for a name that is not there.
    """
    path = settings.SHEET_RESOURCES.get(name)
    if path is None:
        raise NotFound(_("There is no resource of the name “{name}”."), name=str(name)[:40])
    found: type[SheetResource] = import_string(path)
    return found
