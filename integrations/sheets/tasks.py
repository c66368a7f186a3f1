"""What the worker does with imports and exports."""

from celery import shared_task
from django.conf import settings
from django.utils import translation

from integrations.sheets import checking, exporting, importing, services, undoing
from integrations.sheets.frugality import frugal
from integrations.sheets.models import ExportJob, ImportJob, SheetJob
from project.core import jobs
from project.core.errors import GatehouseError


@jobs.worker(ImportJob)
def work_on_import(job: ImportJob) -> None:
    """Read a file, write what was confirmed, or undo it."""
    with translation.override(_language_of(job)), frugal():
        try:
            match job.state:
                case ImportJob.State.IMPORTING:
                    importing.write(job)
                case ImportJob.State.UNDOING:
                    undoing.undo(job)
                case _:
                    checking.check(job)
        except GatehouseError as problem:
            _end(job, problem)


@jobs.worker(ExportJob)
def work_on_export(job: ExportJob) -> None:
    """Write an export's file."""
    with translation.override(_language_of(job)), frugal():
        try:
            exporting.write(job)
        except GatehouseError as problem:
            _end(job, problem)


@shared_task(name="sheets.purge")
def purge() -> int:
    """Delete uploads nobody confirmed and exports nobody fetched."""
    return services.purge()


def _language_of(job: SheetJob) -> str:
    return job.language or settings.LANGUAGE_CODE


def _end(job: ImportJob | ExportJob, problem: GatehouseError) -> None:
    """A sickness that passes is tried again by the queue; everything else is the answer."""
    if problem.retry:
        raise problem
    services.fail(job, problem)
