"""What can go wrong with a workbook.

GatehouseError
└── SheetError
    ├── ExportFailed     30000  500
    ├── ImportFailed     30001  400   some rows cannot be taken; `fields` says which
    ├── UnreadableFile   30002  400   not a readable or safe workbook, or its headers are wrong
    ├── NotInThisState   10005  409   a job is confirmed twice, cancelled when done, ...
    └── UndoOver         10005  409   the days in which an import can be undone are over
FileTooLarge (TooLarge)      10011  413
LinkTooOld (NotFound)         10008  404
TooManyExports (TooManyRequests)  10007  429
"""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from integrations.sheets.reader import problems
from integrations.sheets.reader.problems import Unreadable
from project.core.errors import GatehouseError, NotFound, TooLarge, TooManyRequests

REASONS: dict[str, Any] = {
    "empty": _("The file is empty."),
    "unknown_kind": _("Only workbooks (.xlsx) and comma-separated text (.csv) can be read."),
    "not_a_workbook": _("This is not a workbook, whatever its name says."),
    "old_excel": _("This is a workbook of the old kind (.xls). Save it as .xlsx and upload it again."),
    "open_document": _("This is an OpenDocument sheet (.ods). Save it as .xlsx and upload it again."),
    "binary_workbook": _("This is a binary workbook (.xlsb). Save it as .xlsx and upload it again."),
    "web_page": _("This is a web page or XML text, whatever its name says. Save it as .xlsx and upload it again."),
    "csv_named_workbook": _(
        "This is comma-separated text with the name of a workbook. Name it .csv, or save it as .xlsx."
    ),
    "workbook_named_csv": _("This is a workbook with the name of comma-separated text. Name it .xlsx."),
    "not_text": _("This is not text, whatever its name says."),
    "encoding": _("The text is neither UTF-8 nor GBK."),
    "encrypted": _("The workbook is protected by a password. Remove the protection and upload it again."),
    "truncated": _("The file is not complete or its archive is damaged. Save it again and upload it once more."),
    "damaged": _("The file is damaged: its content cannot be understood. Save it again and upload it once more."),
    "document_type": _("The workbook declares a document type, which no spreadsheet program writes. It was not read."),
    "too_many_parts": _("The workbook consists of more than {limit} parts. It was not read."),
    "unzipped": _("Unzipped, the workbook is larger than {limit}. It was not read."),
    "too_many_rows": _("There are more than {limit} rows. Split the file."),
    "too_wide": _("Cell {cell} lies beyond the {limit} columns that are read. Delete it, or the columns up to it."),
    "row_too_long": _("Row {row} holds too much text."),
    "no_sheet": _("The workbook has no visible sheet."),
    "exhausted": _("Reading the file takes more memory or time than is allowed. Split it, or save it again."),
    "no_rows": _("There are no rows under the headers."),
    "no_header": _("There is no row with headers."),
    "missing_columns": _("Columns are missing: {columns}. The first row must hold the headers; found: {found}."),
    "doubled_columns": _("Columns stand there twice: {columns}. Keep one of each."),
    "merged_header": _("The headers are in merged cells ({cells}). Give every column a header of its own."),
    "changed_file": _("The uploaded file is no longer there. Upload it again."),
}

FLAWS: dict[str, Any] = {
    problems.FORMULA: _("a formula without a result; replace it by its value"),
    problems.ERROR: _("an error value ({text}); correct it"),
    problems.DIGITS: _("a number of more digits than a spreadsheet keeps; enter it as text"),
    problems.LENGTH: _("a text longer than a cell may hold"),
    problems.DAMAGED: _("a value that is not what its type says"),
}


class SheetError(GatehouseError):
    """A workbook could not be read, taken in or written."""


class ExportFailed(SheetError):
    code, status = "30000", 500
    message = _("The export failed.")


class ImportFailed(SheetError):
    code, status = "30001", 400
    message = _("The import failed: {n} rows cannot be taken as they are.")


class UnreadableFile(SheetError):
    code, status = "30002", 400
    message = _("The file could not be read.")


class NotInThisState(SheetError):
    code, status = "10005", 409
    message = _("This cannot be done while it is “{state}”.")


class UndoOver(SheetError):
    code, status = "10005", 409
    message = _("It cannot be undone any more: its rows were kept until {until}.")


class TooManyExports(TooManyRequests):
    message = _("{n} exports of yours are being written already. Wait for one of them, or cancel it.")


class LinkTooOld(NotFound):
    message = _("This link is too old. Take a new one from the page of the export.")


class FileTooLarge(TooLarge):
    message = _("The file is too large: at most {limit} are accepted.")


def refusal(problem: Unreadable) -> UnreadableFile:
    """Make of the reader's word a sentence in the caller's language."""
    params: dict[str, Any] = dict(problem.params)
    if problem.reason == "unzipped":
        params["limit"] = filesizeformat(params["limit"])
    elif problem.reason == "too_many_rows":
        params["limit"] = settings.IMPORT_MAX_ROWS  # the reader allows for titles above the headers
    return UnreadableFile(REASONS.get(problem.reason, UnreadableFile.message), **params)
