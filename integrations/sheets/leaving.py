"""What becomes of a leaver's imports and exports: what is not finished ends, what is finished is nobody else's to see."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from integrations.sheets import services
from integrations.sheets.errors import NotInThisState
from integrations.sheets.models import ExportJob, ImportJob
from project.core import leaving
from project.core.leaving import Handed


def register() -> None:
    """Called once, when the app starts."""
    ends = _("They are cancelled; what was imported so far is taken back.")
    leaving.owns("imports", title=_("Imports not finished"), becomes=ends, rows=_imports, hand_over=_end_imports)
    leaving.owns(
        "exports",
        title=_("Exports not finished"),
        becomes=_(
            "They are cancelled. Files that are ready are deleted when their time is over, and nobody inherits them."
        ),
        rows=_exports,
        hand_over=_end_exports,
    )


def _imports(person: Any) -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(created_by=person, state__in=ImportJob.OPEN)


def _exports(person: Any) -> QuerySet[ExportJob]:
    return ExportJob.objects.filter(created_by=person, state__in=ExportJob.CLAIMABLE)


def _end_imports(person: Any, _successor: Any, by: Any) -> Handed:
    return Handed(sum(_ended(services.cancel, job, by) for job in _imports(person)))


def _end_exports(person: Any, _successor: Any, by: Any) -> Handed:
    return Handed(sum(_ended(services.cancel_export, job, by) for job in _exports(person)))


def _ended(cancel: Any, job: Any, by: Any) -> bool:
    try:
        cancel(job, by=by)
    except NotInThisState:
        return False  # it finished in between
    return True
