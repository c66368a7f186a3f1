"""The rows of an upload: a phone, perhaps a language, and what differs in the text."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import FileResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.sheets import exporting, headers, writer
from integrations.sheets.checking import find_header, given_rows, limits
from integrations.sheets.columns import Column
from integrations.sheets.errors import REASONS, UnreadableFile, refusal
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.process import Cell, reading
from integrations.sheets.rows import said
from integrations.sms import examples
from integrations.sms.models import Campaign, Template

PHONES = ("phone number", "mobile", "mobile number", "telephone", "tel", "手机", "手机号", "手机号码", "电话", "号码")
LANGUAGES = ("lang", "语言")
LONGEST_PROBLEM = 300
EMPTY_ROWS = 500
OF_ALL = frozenset({"phone", "language"})
"""Columns of every sheet: no parameter can stand in them."""


class Given(NamedTuple):
    """One row, as somebody wrote it."""

    number: int
    phone: str
    language: str
    parameters: Mapping[str, str]
    problem: str = ""


class Rows:
    """An upload that is being read. `notes` tell of columns that are left out."""

    def __init__(self, campaign: Campaign, source: Any) -> None:
        self._columns = columns_of(campaign.template, campaign.parameters)
        header, self._rows = find_header(iter(source), self)  # type: ignore[arg-type]  # it asks for the columns only
        self._found = headers.match(headers.texts(header.cells), self._columns)
        self.notes = [f"{one.text} ({one.place}): {one.why}" for one in self._found if not one.column]

    def header_columns(self) -> list[Column]:
        """Every column a header may mean."""
        return self._columns

    def __iter__(self) -> Iterator[Given]:
        by_name = {column.name: column for column in self._columns}
        for number, cells in given_rows(self._rows, self._found):
            values: dict[str, str] = {}
            problem = ""
            for name, cell in cells.items():
                try:
                    values[name] = str(by_name[name].read(cell) or "")
                except ValidationError as wrong:
                    problem = problem or f"{by_name[name].label}: {said(wrong)}"
            phone, language = values.pop("phone", ""), values.pop("language", "")
            yield Given(number, phone, language, {k: v for k, v in values.items() if v}, problem[:LONGEST_PROBLEM])


@contextmanager
def opened(campaign: Campaign) -> Iterator[Rows]:
    """Read a campaign's upload, in a process that is no danger to this one.

    :raises UnreadableFile: with the reason, also while rows are being taken.
    """
    try:
        file = campaign.file.storage.open(str(campaign.file.name))
    except (FileNotFoundError, ValueError) as gone:
        raise UnreadableFile(REASONS["changed_file"]) from gone
    try:
        with file, reading(getattr(file, "file", file), campaign.kind, limits()) as source:
            yield Rows(campaign, source)
    except Unreadable as problem:
        raise refusal(problem) from problem


def columns_of(template: Template, filled: Collection[str]) -> list[Column]:
    """The columns an upload may have: those must be there whose parameters are not `filled`, the same for all."""
    return [
        Column("phone", gettext_lazy("phone"), aliases=PHONES, required=True),
        Column("language", gettext_lazy("language"), aliases=LANGUAGES),
        *(
            Column(name, name, aliases=(f"${{{name}}}",), required=name not in filled)
            for name in sorted(template.places - OF_ALL)
        ),
    ]


def empty(template: Template, filled: Collection[str] = ()) -> FileResponse:
    """Return an empty workbook with the columns that an upload needs, and a note at each that says what to write there."""
    columns = [one for one in columns_of(template, filled) if one.required or one.name == "language"]
    heads = [_head(column, head) for column, head in zip(columns, writer.heads(columns), strict=True)]
    rows: list[list[Cell]] = [[None] * len(heads)] * EMPTY_ROWS
    file = writer.written("xlsx", str(template), heads, rows)
    return exporting.answer(file, _("recipients of {template}").format(template=template), "xlsx")


def _head(column: Column, head: writer.Head) -> writer.Head:
    match column.name:
        case "phone":
            return head._replace(width=20, note=_("For example {value}.").format(value="13800138000, +65 8123 4567"))
        case "language":
            names = [str(name) for _code, name in settings.LANGUAGES]
            return head._replace(choices=names, note=_("May be left empty: everybody reads their own."))
    example = examples.of([column.name])[column.name]
    return head._replace(text=column.name, note=_("For example {value}.").format(value=example))


def language_in(text: str, known: Mapping[str, str]) -> str:
    """The language a cell means: its code or its name; "" for none.

    :raises ValidationError: for anything else.
    """
    wanted = headers.normal(text)
    for code, name in known.items():
        if wanted in {headers.normal(code), headers.normal(code.partition("-")[0]), headers.normal(str(name))}:
            return code
    if wanted:
        raise ValidationError(_("There is no language “{value}” here.").format(value=text[:20]))
    return ""
