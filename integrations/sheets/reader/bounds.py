"""Looks at an upload from outside, before anything in it is opened: what kind of file it is, and how large it would get.

Cheap enough for a request: only the first bytes and the archive's own list of contents are read.
A bound on the compression ratio is left out on purpose: formatting down to the last row packs 300 : 1 in honest
files; what counts is the size when unzipped.
"""

from integrations.sheets.reader.archive import DEFLATED, ENCRYPTED, STORED, Archive
from integrations.sheets.reader.problems import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

MAX_PARTS = 200
XLSX, CSV = "xlsx", "csv"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = b"%PDF-"
_ZIP = b"PK\x03\x04"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_PLAIN = {STORED, DEFLATED}


class Limits:
    """What one file may cost."""

    def __init__(
        self, *, unzipped: int, rows: int, columns: int = 256, cell: int = 32_767, line: int = 1_000_000
    ) -> None:
        self.unzipped, self.rows, self.columns, self.cell, self.line = unzipped, rows, columns, cell, line


def kind_of(name: str) -> str:
    """Return the kind a file's name promises.

    :raises Unreadable: for a name that promises neither a workbook nor comma-separated text.
    """
    suffix = name.lower().rpartition(".")[2]
    if suffix in {"xlsx", "xlsm"}:
        return XLSX
    if suffix in {"csv", "tsv", "txt"}:
        return CSV
    raise Unreadable(
        {"xls": "old_excel", "ods": "open_document", "xlsb": "binary_workbook"}.get(suffix, "unknown_kind")
    )


def examine(file: "BinaryIO", kind: str, limits: Limits) -> None:
    """Refuse what can be refused from outside; leaves the file at its start.

    :raises Unreadable: with the reason.
    """
    file.seek(0)
    head = file.read(4096)
    if not head.strip():
        raise Unreadable("empty")
    if kind == XLSX:
        _examine_magic(file, head)
        open_archive(file, limits)
    else:
        _examine_text(file, head, limits)
    file.seek(0)


def open_archive(file: "BinaryIO", limits: Limits) -> Archive:
    """Open a workbook's archive, whose list of contents is within bounds."""
    archive = Archive(file, MAX_PARTS)
    parts = archive.entries
    if any(part.flags & ENCRYPTED for part in parts):
        raise Unreadable("encrypted")
    if any(part.method not in _PLAIN for part in parts):
        raise Unreadable("damaged")
    if sum(part.size for part in parts) > limits.unzipped:
        raise Unreadable("unzipped", limit=limits.unzipped)
    _examine_names({*archive.names()})
    return archive


def _examine_text(file: "BinaryIO", head: bytes, limits: Limits) -> None:
    """Refuse what is called text and is something else; what it really is, where that can be told."""
    if head.startswith(_ZIP):
        open_archive(file, limits)
        raise Unreadable("workbook_named_csv")
    if head.startswith(_OLE):
        _examine_magic(file, head)
    if head.startswith(_PDF):
        raise Unreadable("not_text")
    if _is_page(head):
        raise Unreadable("web_page")


def _is_page(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table"))


def _examine_magic(file: "BinaryIO", head: bytes) -> None:
    if head.startswith(_ZIP):
        return
    if head.startswith(_OLE):
        file.seek(0)
        raise Unreadable("encrypted" if _ENCRYPTED_PACKAGE in file.read() else "old_excel")
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("not_a_workbook")
    if _is_page(head):
        raise Unreadable("web_page")
    raise Unreadable("csv_named_workbook" if any(mark in head for mark in b",;\t") else "not_a_workbook")


def _examine_names(names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise Unreadable("binary_workbook")
    if "mimetype" in names and "content.xml" in names:
        raise Unreadable("open_document")
    if "[Content_Types].xml" not in names:
        raise Unreadable("not_a_workbook")
