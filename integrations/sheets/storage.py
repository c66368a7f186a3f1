"""The files of imports and exports, in private storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import structlog

from integrations.sheets.errors import REASONS, UnreadableFile
from integrations.sheets.models import ExportJob, ImportJob

log = structlog.get_logger(__name__)
SAMPLES = ".samples"
"""What the name of an upload's first rows ends with."""


@contextmanager
def opened(job: ImportJob) -> Iterator[IO[bytes]]:
    """Open a job's upload.

    :raises UnreadableFile: when it is gone.
    """
    if not job.file or not job.file.name:
        raise UnreadableFile(REASONS["changed_file"])
    try:
        file = found(job)
    except FileNotFoundError as gone:
        raise UnreadableFile(REASONS["changed_file"]) from gone
    with file:
        yield getattr(file, "file", file)


def found(job: ImportJob | ExportJob) -> Any:
    """Open what was kept of a job.

    :raises FileNotFoundError: when it is gone; the log tells the operator where it was looked for.
    """
    try:
        return job.file.storage.open(str(job.file.name))
    except FileNotFoundError as gone:
        hint = "All nodes must share the folder `private` of GATEHOUSE_HOME."
        log.warning("sheets.file_missing", id=str(job.pk), path=str(gone.filename), hint=hint)
        raise


def discard(job: ImportJob | ExportJob) -> None:
    """Delete a job's file for good, and what was kept beside it; what the job says of it stays."""
    if job.file and job.file.name:
        job.file.storage.delete(f"{job.file.name}{SAMPLES}")
        job.file.storage.delete(job.file.name)
        type(job).objects.filter(pk=job.pk).update(file="")
        job.file = ""
