"""Who takes out a lot is told to the administrators."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations.sheets.models import ExportJob
from integrations.sheets.resources import SheetResource
from project.core import audit

WITHIN = timedelta(days=1)


def watch(job: ExportJob, resource: SheetResource) -> None:
    """Raise the alarm when a finished export reaches EXPORT_ALERT_ROWS, alone or with the others of a day.

    Many small exports that reach it together raise it once.
    """
    limit = settings.EXPORT_ALERT_ROWS
    lately = ExportJob.objects.filter(
        created_by=job.created_by_id, state=ExportJob.State.DONE, finished_at__gt=timezone.now() - WITHIN
    )
    together = lately.aggregate(n=Sum("done"))["n"] or 0
    if not limit or not (job.done >= limit or together - job.done < limit <= together):
        return
    audit.record(
        "export.large", job, actor=job.created_by, resource=job.resource, rows=job.done, rows_in_a_day=together,
        filters=job.filters,
    )  # fmt: skip
    tell = import_string(settings.EXPORT_ALARM)
    tell(job.created_by, what=resource.title, rows=job.done, in_a_day=together, filters=job.filters)
