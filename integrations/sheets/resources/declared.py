"""What a resource consists of, and what it may decide."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from import_export import resources

from integrations.sheets.columns import Choice, Column, Flag
from integrations.sheets.filters import IDS, SEARCH, Filter, in_words, narrowed
from integrations.sheets.rows import Checked

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MARGIN = Column("what_is_wrong", _("What is wrong"), never=_("the reasons of an error workbook"))
"""What stands beside the rows of an error workbook, which comes back with it."""
FILTERS_OF_ALL = {SEARCH: _("search"), IDS: _("chosen rows")}


class Declared(resources.ModelResource):  # type: ignore[misc]  # import-export has no types
    """A resource as it is declared: its columns, who may take it in and out, and which rows it is about."""

    title: ClassVar["StrOrPromise"] = ""
    refused: ClassVar[Sequence[Column]] = ()
    """Columns that are known and always ignored, each with the reason that people are told."""
    import_permissions: ClassVar[tuple[str, ...]] = ()
    export_permission: ClassVar[str] = ""
    related: ClassVar[tuple[str, ...]] = ()
    prefetched: ClassVar[tuple[str, ...]] = ()
    chunk_rows: ClassVar[int] = 1_000
    """At most so many rows are checked, and written in one transaction, at a time."""
    weighed: ClassVar[tuple[str, ...] | None] = None
    """New rows may be judged by column: `accept`, `guard` and `check_row` get None for the instance, and these are all columns
    at which `guard` and `check_row` look. Such rows are written by `write_certain`, and what they share is judged once."""
    needs_proof: ClassVar[bool] = False
    """Whoever confirms an import must have shown of late that it is them."""
    filter_readers: ClassVar[Mapping[str, Filter]] = {}
    """What rows may be filtered by: name → look-up of the model, or what makes a condition of a value, and what reads the
    value (`ValueError`: cannot be)."""
    filter_titles: ClassVar[Mapping[str, "StrOrPromise"]] = {}
    """What people call filters that are called as no column."""
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
        **options: Any,
    ) -> None:
        """`places` tells the letter under which a column stands in the sheet being read.

        `trusted` skips the guard; values that are `judged` were accepted before, and only what depends on others is asked again.
        """
        super().__init__(**options)
        self.actor, self.places, self.sheet = actor, dict(places or {}), sheet
        self.trusted, self.judged = trusted, judged

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
        return [MARGIN, *self.columns, *self.refused]

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
        given = self.renamed(filters)
        return narrowed(self.queryset(), given, readers=self.filter_readers, search=self.search_fields)

    def renamed(self, filters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return filters under the names they have here, where a list of the back office calls them otherwise."""
        return filters

    def told(self, filters: Mapping[str, Any]) -> dict[str, str]:
        """Return filters as people call them and their values."""
        labels = {column.name: column.label for column in self.columns}
        titles = FILTERS_OF_ALL | labels | dict(self.filter_titles)
        given = in_words(self.renamed(filters), readers=self.filter_readers, search=self.search_fields)
        return {capfirst(str(titles.get(name, name))): value for name, value in given.items()}

    def choices(self, column: Column) -> list[str]:
        """What may stand in a column's cells, for the drop-downs of the template; empty for anything."""
        return column.widget.choices() if isinstance(column.widget, Choice | Flag) else []

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

    def _related(self, rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

    def _field(self, column: Column) -> Any:
        """The model's field that a column stands for, or None."""
        try:
            return self._meta.model._meta.get_field(column.attribute)
        except FieldDoesNotExist:
            return None
