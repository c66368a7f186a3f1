"""Imports and exports: rows that are their own queue, and what is kept of a file until it is confirmed."""

from integrations.sheets.models.exports import ColumnSet, ExportJob, export_path
from integrations.sheets.models.imports import ColumnMatch, ImportChunk, ImportJob, upload_path
from integrations.sheets.models.jobs import SheetJob, private_storage

__all__ = [
    "ColumnMatch",
    "ColumnSet",
    "ExportJob",
    "ImportChunk",
    "ImportJob",
    "SheetJob",
    "export_path",
    "private_storage",
    "upload_path",
]
