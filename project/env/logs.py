"""Logs."""

from dataclasses import dataclass
from pathlib import Path

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Logs."""

    LOG_LEVEL: str = variable(
        "",
        kind.one_of("", "debug", "info", "warning", "error"),
        "Empty: debug in `debug` and `dev`, info elsewhere.",
        example="info",
    )
    LOG_FORMAT: str = variable(
        "", kind.one_of("", "console", "json"), "Empty: console on a terminal, json elsewhere.", example="json"
    )
    LOG_FILE: Path | None = variable(
        "", kind.file, "Also log to this file; empty: standard output only.", example="/var/log/gatehouse.log"
    )
    LOG_MAX_MB: int = variable("10", kind.integer(1, 100_000), "Size at which the log file is rotated.")
    LOG_MAX_DAYS: int = variable("7", kind.integer(1, 3650), "Days a rotated log file is kept.")
    LOG_BACKUPS: int = variable("5", kind.integer(0, 10_000), "How many rotated log files are kept.")
