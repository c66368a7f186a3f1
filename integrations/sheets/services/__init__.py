"""Every way an import or an export begins, goes on and ends."""

from integrations.sheets.services.column_sets import column_sets, default_columns, save_columns
from integrations.sheets.services.ending import fail, purge, visible
from integrations.sheets.services.exporting import (
    cancel_export,
    download,
    export_list,
    export_now,
    link_to,
    start_export,
)
from integrations.sheets.services.importing import cancel, confirm, start_import
from integrations.sheets.services.looking import (
    PreviewedRows,
    counted,
    error_line,
    errors_workbook,
    first_errors,
    preview,
    tallied,
    template,
)
from integrations.sheets.services.matching import match_anew, remap
from integrations.sheets.services.proving import ensure_proven, needs_proof
from integrations.sheets.services.undoing import undo, undo_over

__all__ = [
    "PreviewedRows",
    "cancel",
    "cancel_export",
    "column_sets",
    "confirm",
    "counted",
    "default_columns",
    "download",
    "ensure_proven",
    "error_line",
    "errors_workbook",
    "export_list",
    "export_now",
    "fail",
    "first_errors",
    "link_to",
    "match_anew",
    "needs_proof",
    "preview",
    "purge",
    "remap",
    "save_columns",
    "start_export",
    "start_import",
    "tallied",
    "template",
    "undo",
    "undo_over",
    "visible",
]
