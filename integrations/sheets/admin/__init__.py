"""Imports and exports in the back office."""

from integrations.sheets.admin.exports import ExportJobAdmin
from integrations.sheets.admin.imports import ImportJobAdmin

__all__ = ["ExportJobAdmin", "ImportJobAdmin"]
