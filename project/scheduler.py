"""Who sends by the clock."""

from typing import Any

from django.db.models import QuerySet
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat is untyped
    """The schedules of the database, as far as this version knows their tasks.

    During an upgrade the database may have schedules of a version to come, and after a rollback it keeps them: what no worker
    here can do would be an error in its log each time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["app"].loader.import_default_modules()
        super().__init__(*args, **kwargs)

    def enabled_models_qs(self) -> "QuerySet[PeriodicTask]":
        found: QuerySet[PeriodicTask] = super().enabled_models_qs()
        return found.filter(task__in=list(self.app.tasks))
