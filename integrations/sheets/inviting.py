"""Invites whom an import added, once all its rows are written: a few at a time, each once, whatever dies meanwhile."""

from django.db import transaction
from django.db.models import F

from integrations.sheets.checking import resource_of
from integrations.sheets.models import ImportChunk, ImportJob
from integrations.sheets.progress import Progress
from project.core.errors import NoPermission
from project.core.jobs import LeaseLost

AT_ONCE = 20
"""So many in one transaction: others want to write too."""


def invite(job: ImportJob) -> bool:
    """Invite who is new, where that was asked for; return False when somebody cancelled the import before the first."""
    if not job.invite:
        return True
    if not job.inviting and not _begin(job):
        return False
    try:
        resource = resource_of(job)
    except NoPermission:
        return True  # who imported has lost the right meanwhile; the rows are theirs no less
    progress = Progress(job)
    job.done, job.total = 0, job.created_rows
    for pk in list(job.chunks.filter(applied=True).order_by("number").values_list("pk", flat=True)):
        chunk = ImportChunk.objects.get(pk=pk)
        for at in range(chunk.invited, len(chunk.made), AT_ONCE):
            some = chunk.made[at : at + AT_ONCE]
            with transaction.atomic():
                n = resource.invite(some)
                ImportChunk.objects.filter(pk=chunk.pk).update(invited=at + len(some))
                _count(job, n)
            progress.advance(job.done + len(some), job.total)
    return True


def _begin(job: ImportJob) -> bool:
    with transaction.atomic():
        job.reversing = ImportJob.objects.select_for_update().values_list("reversing", flat=True).get(pk=job.pk)
        job.inviting = not job.reversing
        ImportJob.objects.filter(pk=job.pk).update(inviting=job.inviting)
    return job.inviting


def _count(job: ImportJob, n: int) -> None:
    mine = ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.IMPORTING, worker=job.worker)
    if not mine.update(attempts=1, invited_rows=F("invited_rows") + n):
        raise LeaseLost
