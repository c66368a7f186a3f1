"""Every way an import or an export begins, goes on and ends."""

from integrations.sheets.services.ending import fail, purge, visible
from integrations.sheets.services.exporting import cancel_export, download, export_now, start_export
from integrations.sheets.services.importing import cancel, confirm, remap, start_import
from integrations.sheets.services.looking import counted, error_line, errors_workbook, first_errors, preview, template
from integrations.sheets.services.proving import ensure_proven, needs_proof

__all__ = [
    "cancel",
    "cancel_export",
    "confirm",
    "counted",
    "download",
    "ensure_proven",
    "error_line",
    "errors_workbook",
    "export_now",
    "fail",
    "first_errors",
    "needs_proof",
    "preview",
    "purge",
    "remap",
    "start_export",
    "start_import",
    "template",
    "visible",
]
