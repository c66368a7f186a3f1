"""Spreadsheets."""

from dataclasses import dataclass

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class Sheets:
    """Sheets."""

    IMPORT_MAX_BYTES: int = variable("20971520", kind.size, "Largest upload.", example="20MB")
    IMPORT_MAX_UNZIPPED: int = variable("209715200", kind.size, "Largest workbook once unzipped.", example="200MB")
    IMPORT_MAX_ROWS: int = variable("200000", kind.integer(1, 1_048_576), "Most rows in one import.")
    IMPORT_UNDO_DAYS: int = variable(
        "30", kind.integer(0, 3650), "Days in which an import can be undone; its rows are kept as long. 0: never."
    )
    EXPORT_NOW_ROWS: int = variable(
        "2000",
        kind.integer(0, 100_000),
        "Lists up to this length are downloaded at once, longer ones are written by the worker.",
    )
    EXPORT_ALERT_ROWS: int = variable(
        "5000",
        kind.integer(0, 1_000_000_000),
        "Tell the administrators when somebody takes out so many rows within a day; 0: never.",
    )
