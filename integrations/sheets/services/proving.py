"""Some imports are confirmed only by who has shown of late that it is them, as the same is asked in the back office."""

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.sheets.models import ImportJob
from integrations.sheets.resources import resource_class


def needs_proof(job: ImportJob) -> bool:
    return resource_class(job.resource).needs_proof


def ensure_proven(job: ImportJob, session: object) -> None:
    """Let through whoever may confirm with this session (what `request.auth` is).

    :raises GatehouseError: what SHEET_PROOF raises, where the resource asks for it.
    """
    if needs_proof(job):
        import_string(settings.SHEET_PROOF)(session)
