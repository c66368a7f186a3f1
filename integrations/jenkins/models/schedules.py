"""Builds at a time, or again and again."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.jenkins.models.builds import HIDDEN
from integrations.jenkins.models.jobs import Job


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def due(self) -> Self:
        return self.filter(enabled=True, next_at__lte=timezone.now())


class Schedule(models.Model):
    """A job that is to be built at a time, or as a cron line says. Runs are builds like any other."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="schedules", verbose_name=_("job"))
    name = models.CharField(_("name"), max_length=100)
    enabled = models.BooleanField(_("enabled"), default=True)
    at = models.DateTimeField(_("once, at"), null=True, blank=True)
    cron = models.CharField(
        _("again and again"),
        max_length=100,
        blank=True,
        help_text=_("Minute, hour, day of month, month, day of week; for example “30 6 * * 1-5”."),
    )
    time_zone = models.CharField(_("time zone"), max_length=63, blank=True, help_text=_("Empty: the house's own."))
    parameters = models.JSONField[dict[str, Any]](_("parameters"), default=dict, blank=True)
    # secret ones, and files, sealed with who gave them; only the names of secret ones can be read
    secret = models.TextField(default="", blank=True, editable=False)
    secret_names = models.JSONField[list[str]](default=list, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    notify_sms = models.BooleanField(_("text message at the end"), default=False)
    next_at = models.DateTimeField(_("next run"), null=True, blank=True, editable=False, db_index=True)
    last_at = models.DateTimeField(_("last run"), null=True, blank=True, editable=False)
    # runs whose time passed while nobody was there, and the last such time
    missed = models.PositiveIntegerField(_("missed runs"), default=0, editable=False)
    missed_at = models.DateTimeField(_("last missed"), null=True, blank=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule of builds")
        verbose_name_plural = _("schedules of builds")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(at__isnull=True) & ~Q(cron="")) | (Q(at__isnull=False) & Q(cron="")),
                name="jenkins_schedule_once_or_cron",
                violation_error_message=_("Give a time or a cron line, and not both."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_parameters(self) -> dict[str, Any]:
        """What people see: all parameters, secret ones hidden."""
        return {**self.parameters, **dict.fromkeys(self.secret_names, HIDDEN)}
