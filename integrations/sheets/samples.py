"""The first rows of an upload as they stand there, for the page on which columns are matched by hand.

Nobody knows yet whether they hold secrets, so they are kept beside the upload and go with it.
"""

import json
from collections.abc import Sequence

from django.core.files.base import ContentFile

from integrations.sheets.models import ImportJob
from integrations.sheets.reader.process import Cell
from integrations.sheets.reader.xlsx import letters
from integrations.sheets.rows import shown
from integrations.sheets.storage import SAMPLES

ROWS = 3


def keep(job: ImportJob, rows: Sequence[Sequence[Cell]]) -> None:
    """Put the cells of some rows beside the job's upload."""
    at_letter: dict[str, list[str]] = {}
    for row in rows:
        for at, cell in enumerate(row):
            if cell is not None:
                at_letter.setdefault(letters(at), []).append(shown(cell)[:40])
    drop(job)
    job.file.storage.save(_path(job), ContentFile(json.dumps(at_letter).encode()))


def of(job: ImportJob) -> dict[str, list[str]]:
    """Letter → what stands below it in the first rows; nothing when the upload is gone."""
    if not job.file or not job.file.storage.exists(_path(job)):
        return {}
    with job.file.storage.open(_path(job)) as file:
        found: dict[str, list[str]] = json.loads(file.read())
    return found


def drop(job: ImportJob) -> None:
    job.file.storage.delete(_path(job))


def _path(job: ImportJob) -> str:
    return f"{job.file.name}{SAMPLES}"
