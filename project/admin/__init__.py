"""Third parties' admin pages, replaced by our own. Django's groups hide behind roles."""

import auditlog.admin  # noqa: F401 (registers its pages, before ours take their place)
import django.contrib.auth.admin  # noqa: F401 (likewise)
import django_celery_beat.admin  # noqa: F401 (likewise)
from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

for model in (Group, LogEntry, PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

# what other houses call their things, in the words of our sidebar
for model, one, many in (
    (LogEntry, gettext_lazy("audit entry"), gettext_lazy("audit entries")),
    (PeriodicTask, gettext_lazy("schedule"), gettext_lazy("schedules")),
):
    model._meta.verbose_name, model._meta.verbose_name_plural = one, many
for label in ("auditlog", "django_celery_beat"):
    apps.get_app_config(label).verbose_name = gettext_lazy("System")

from project.admin import audit, schedules  # noqa: E402 (they take the places made free above)

__all__ = ["audit", "schedules"]
