"""The rows of an upload: a phone, perhaps a language, and what differs in the text."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.sheets import headers
from integrations.sheets.checking import find_header, given_rows, limits
from integrations.sheets.columns import Column
from integrations.sheets.errors import REASONS, UnreadableFile, refusal
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.process import reading
from integrations.sheets.rows import said
from integrations.sms.models import Campaign

PHONES = ("phone number", "mobile", "mobile number", "telephone", "tel", "手机", "手机号", "手机号码", "电话", "号码")
LANGUAGES = ("lang", "语言")
LONGEST_PROBLEM = 300


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
        self._columns = columns_of(campaign)
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


def columns_of(campaign: Campaign) -> list[Column]:
    """The columns an upload may have: those that nothing else fills must be there."""
    taken = {"phone", "language"}
    filled = campaign.parameters.keys()
    return [
        Column("phone", gettext_lazy("phone"), aliases=PHONES, required=True),
        Column("language", gettext_lazy("language"), aliases=LANGUAGES),
        *(
            Column(name, name, aliases=(f"${{{name}}}",), required=name not in filled)
            for name in sorted(campaign.template.places - taken)
        ),
    ]


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
