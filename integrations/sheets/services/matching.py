"""How the columns of a file are matched with those of a resource, and what is remembered of that."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.sheets import memory
from integrations.sheets.checking import resource_of, saved_headers
from integrations.sheets.models import ImportJob
from integrations.sheets.services.ending import not_now
from project.core import audit, jobs
from project.core.errors import InvalidParameters

ANEW: dict[str, Any] = {"error": "", "error_code": "", "started_at": None}


def remap(job: ImportJob, *, mapping: Mapping[str, str | None], by: Any) -> ImportJob:
    """Have the file read again with columns matched by hand: letter → column, or None to leave one out.

    It is remembered for the next file in which the same headers stand.

    :raises InvalidParameters: for letters or columns that are not there; `fields` names them.
    :raises NotInThisState: once rows are being written, or the file is gone.
    """
    resource = resource_of(job)
    if not job.can_be_mapped:
        raise not_now(job)
    known = {column.name for column in resource.columns if not column.readonly}
    places = {each[0] for each in job.headers}
    wrong = {
        place: [_("There is no such column.")]
        for place, name in mapping.items()
        if place not in places or (name is not None and name not in known)
    }
    if wrong:
        raise InvalidParameters(fields={"mapping": wrong})
    with transaction.atomic():
        if not job.move(ImportJob.State.QUEUED, mapping=dict(mapping), **ANEW):
            raise not_now(job)
        memory.keep(by, job.resource, resource, saved_headers(job), mapping)
        jobs.wake(job)
    audit.record("import.mapped", job, actor=by, resource=job.resource, mapping=dict(mapping))
    return job


def match_anew(job: ImportJob, *, by: Any) -> ImportJob:
    """Forget what `by` matched by hand for this kind of rows, and have the file read again by its headers alone.

    :raises NotInThisState: once rows are being written, or the file is gone.
    """
    if not job.can_be_mapped:
        raise not_now(job)
    with transaction.atomic():
        memory.forget(by, job.resource)
        if not job.move(ImportJob.State.QUEUED, mapping={}, **ANEW):
            raise not_now(job)
        jobs.wake(job)
    audit.record("import.mapped", job, actor=by, resource=job.resource, mapping={})
    return job
