"""Columns: how a value of a model stands in a cell, and how a cell becomes a value again."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.widgets import Widget

from integrations.sheets.errors import FLAWS
from integrations.sheets.reader.process import Cell, Flaw
from integrations.sheets.rows import BLANKS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EXACT_UP_TO = 10**15
YES = {"1", "true", "yes", "y", "是", "√"}
WHOLE = re.compile(r"-?[0-9]{1,15}(\.0+)?")
NO = {"0", "false", "no", "n", "否", "×"}


class Column(Field):  # type: ignore[misc]  # import-export has no types
    """A column of a resource: an import-export field that knows its header, its width and what may be done with it.

    `aliases` are further headers it is found under. A `secret` is taken for new rows only, is never shown, and is kept
    nowhere but in the upload. `never` says why a column of this name is always ignored. `many` is set after saving.
    `example` stands in the template's example row.
    """

    def __init__(
        self,
        attribute: str,
        label: "StrOrPromise",
        *,
        aliases: Sequence[str] = (),
        widget: Widget | None = None,
        required: bool = False,
        readonly: bool = False,
        secret: bool = False,
        many: bool = False,
        never: "StrOrPromise" = "",
        width: float = 16,
        permission: str = "",
        note: "StrOrPromise" = "",
        example: "StrOrPromise" = "",
    ) -> None:
        super().__init__(attribute=attribute, column_name=attribute, widget=widget or Text(), readonly=readonly)
        self.label, self.aliases, self.required, self.secret, self.many = label, aliases, required, secret, many
        self.never, self.width, self.permission, self.note = never, width, permission, note
        self.example = example
        self.name = attribute

    def expect(self, cells: Sequence[Cell]) -> None:
        """Look up at once what the cells of many rows refer to; called before `read` is asked for each."""
        if prepare := getattr(self.widget, "expect", None):
            prepare(cells)

    @property
    def exported(self) -> bool:
        return not (self.secret or self.never)

    def read(self, cell: Cell) -> Any:
        """Return the value a cell stands for.

        :raises ValidationError: with the reason, when it stands for none.
        """
        if isinstance(cell, Flaw):
            raise ValidationError(str(FLAWS[cell.kind]).format(text=cell.text))
        return self.widget.clean(cell)

    def value(self, instance: Any) -> Any:
        """Return what the instance holds, as `read` would."""
        return getattr(instance, self.attribute)

    def cell(self, instance: Any) -> Cell:
        """Return what an export shows of the instance."""
        return self.show(self.value(instance))

    def show(self, value: Any) -> Cell:
        """Return the cell that stands for a value."""
        return self.widget.render(value)  # type: ignore[no-any-return]  # import-export has no types

    @property
    def lookup(self) -> str:
        """What to ask the database for instead of instances, for `cells`."""
        within = getattr(self.widget, "within", "")
        return f"{self.attribute}__{within}" if within else str(self.attribute)

    @property
    def needs_instances(self) -> bool:
        """Whether only an instance can tell what to show."""
        reads_itself = type(self).value is not Column.value and not self.many
        return reads_itself or not hasattr(self.widget, "cells")

    def cells(self, values: Iterable[Any]) -> list[Cell]:
        """Return the cells that stand for what many rows hold in `lookup`."""
        return self.widget.cells(values)  # type: ignore[no-any-return]  # import-export has no types

    def assign(self, instance: Any, value: Any) -> None:
        setattr(instance, self.attribute, value)


class Text(Widget):  # type: ignore[misc]  # import-export has no types
    """Text. A whole number counts as its digits: a phone number that the sheet took for one is still itself."""

    def __init__(self, *, null: bool = False) -> None:
        super().__init__()
        self._empty = None if null else ""

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> str | None:
        # nearly every cell there is
        text = (value if value.__class__ is str else plain_text(value)).strip(BLANKS)
        return self.normal(text) or self._empty

    def normal(self, text: str) -> str:
        """Return the spelling in which a text is kept."""
        return text

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return value or None

    def cells(self, values: Iterable[Any]) -> list[Cell]:
        return [value or None for value in values]


class Choice(Widget):  # type: ignore[misc]  # import-export has no types
    """One of a few values, written as its label in the caller's language and read in any language or as the value."""

    def __init__(self, choices: type[models.Choices], *, aliases: dict[str, Any], empty: Any) -> None:
        super().__init__()
        self._choices, self._aliases, self._empty = choices, aliases, empty
        # lives as long as the class of the resource, and asks for each language once
        self._spellings, self._labels = cache(self._spellings_in), cache(self._labels_in)

    def choices(self) -> list[str]:
        return [str(label) for label in self._choices.labels]

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> Any:
        text = plain_text(value).strip(BLANKS).casefold()
        if not text:
            return self._empty
        known = self._spellings(get_language())
        if text not in known:
            allowed = ", ".join(str(label) for label in self._choices.labels)
            raise ValidationError(_("“{value}” is not one of: {allowed}").format(value=text[:40], allowed=allowed))
        return known[text]

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return self._labels(get_language())[value]

    def cells(self, values: Iterable[Any]) -> list[Cell]:
        labels = self._labels(get_language())
        return [labels[value] for value in values]

    def _spellings_in(self, _language: str | None) -> dict[str, Any]:
        known = {str(label).casefold(): key for key, label in self._choices.choices}
        return known | {str(key).casefold(): key for key in self._choices.values} | self._aliases

    def _labels_in(self, _language: str | None) -> dict[Any, str]:
        return {key: str(label) for key, label in self._choices.choices}


class Flag(Widget):  # type: ignore[misc]  # import-export has no types
    """Yes or no; an empty cell is neither, which only a new row may leave to the model's default."""

    def choices(self) -> list[str]:
        return [_("yes"), _("no")]

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> bool | None:
        text = plain_text(value).strip(BLANKS).casefold()
        if not text:
            return None
        if text in YES | {_("yes").casefold()}:
            return True
        if text in NO | {_("no").casefold()}:
            return False
        raise ValidationError(_("“{value}” is neither yes nor no").format(value=text[:40]))

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return _("yes") if value else _("no")

    def cells(self, values: Iterable[Any]) -> list[Cell]:
        yes, no = _("yes"), _("no")
        return [yes if value else no for value in values]


class Whole(Widget):  # type: ignore[misc]  # import-export has no types
    """A whole number."""

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> int | None:
        text = plain_text(value).strip(BLANKS)
        if not text:
            return None
        if not WHOLE.fullmatch(text):
            raise ValidationError(_("“{value}” is not a whole number").format(value=text[:40]))
        return int(text.split(".")[0])

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return value  # type: ignore[no-any-return]


class Moment(Widget):  # type: ignore[misc]  # import-export has no types
    """A date and time, in the server's zone: a sheet has none of its own."""

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, date):
            found = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        else:
            try:
                found = datetime.fromisoformat(plain_text(value).strip(BLANKS))
            except ValueError:
                raise ValidationError(_("“{value}” is not a date").format(value=str(value)[:40])) from None
        return timezone.make_aware(found) if timezone.is_naive(found) else found

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return self.cells([value])[0]

    def cells(self, values: Iterable[Any]) -> list[Cell]:
        zone = timezone.get_current_timezone()
        return [value.astimezone(zone).replace(tzinfo=None, microsecond=0) if value else None for value in values]


def plain_text(cell: Cell) -> str:
    """Return a cell as the text people see.

    :raises ValidationError: for a number whose last digits the spreadsheet has lost.
    """
    match cell:
        case str():
            return cell
        case None:
            return ""
        case bool():
            return _("yes") if cell else _("no")
        case float():
            if abs(cell) >= EXACT_UP_TO:
                raise ValidationError(str(FLAWS["digits"]))
            return repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
    return str(cell)
