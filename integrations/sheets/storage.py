"""The files of imports and exports, in private storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from integrations.sheets.errors import REASONS, UnreadableFile
from integrations.sheets.models import ExportJob, ImportJob


@contextmanager
def opened(job: ImportJob) -> Iterator[IO[bytes]]:
    """Open a job's upload.

    :raises UnreadableFile: when it is gone.
    """
    if not job.file or not job.file.name:
        raise UnreadableFile(REASONS["changed_file"])
    try:
        file = job.file.storage.open(job.file.name)
    except FileNotFoundError as gone:
        raise UnreadableFile(REASONS["changed_file"]) from gone
    with file:
        yield getattr(file, "file", file)


def discard(job: ImportJob | ExportJob) -> None:
    """Delete a job's file for good; what the job says of it stays."""
    if job.file and job.file.name:
        job.file.storage.delete(job.file.name)
        type(job).objects.filter(pk=job.pk).update(file="")
        job.file = ""
