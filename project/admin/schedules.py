"""What runs by the clock, in the house's style and words."""

import json
from typing import Any

from celery import current_app
from django import forms
from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat.admin import TaskSelectWidget
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from project.core import messenger
from project.core.admin import DASH, ModelAdmin, ago, badge
from project.core.errors import Unreachable

OUR_OWN = {
    "core.sweep": gettext_lazy("Find work that was left behind"),
    "accounts.close_run_out": gettext_lazy("Close sessions that ran out"),
    "accounts.rotate_keys": gettext_lazy("Let the next signing key take over when its time has come"),
    "accounts.purge": gettext_lazy("Forget old sign-ins, sessions, devices and mails"),
    "realtime.end_lost_watches": gettext_lazy("Write down the end of watches whose node was killed"),
    "realtime.purge": gettext_lazy("Forget old dead letters"),
    "sms.drain": gettext_lazy("Send text messages that wait"),
    "sms.purge": gettext_lazy("Forget old text messages"),
    "sms.look": gettext_lazy("Ask what became of text messages"),
    "sms.watch": gettext_lazy("Watch what text messages cost, and whether codes are used"),
    "sms.forget_codes": gettext_lazy("Forget old codes and what was refused"),
    "jenkins.refresh": gettext_lazy("Ask Jenkins servers for their jobs"),
    "jenkins.run_due": gettext_lazy("Start builds whose time has come"),
    "jenkins.expire": gettext_lazy("End builds that nobody approved in time"),
    "jenkins.purge": gettext_lazy("Forget old logs of builds"),
    "sheets.purge": gettext_lazy("Delete files of old imports and exports"),
}
"""What the product's own schedules do, in people's words."""


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]  # both are untyped
    """The tasks this installation knows, in unfold's look."""


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # django-celery-beat is untyped
    """When a task runs, and with what."""

    class Meta:
        model = PeriodicTask
        fields = (
            "name",
            "task",
            "enabled",
            "description",
            "interval",
            "crontab",
            "clocked",
            "start_time",
            "one_off",
            "args",
            "kwargs",
            "expire_seconds",
        )
        # the class: an instance would look for tasks before the apps are ready
        widgets = {"task": TaskSelect}
        labels = {
            "name": gettext_lazy("Name"),
            "task": gettext_lazy("Task"),
            "enabled": gettext_lazy("On"),
            "description": gettext_lazy("Description"),
            "interval": gettext_lazy("Every so often"),
            "crontab": gettext_lazy("By the calendar"),
            "clocked": gettext_lazy("Once, at a point in time"),
            "start_time": gettext_lazy("Not before"),
            "one_off": gettext_lazy("Only once"),
            "args": gettext_lazy("Positional arguments"),
            "kwargs": gettext_lazy("Named arguments"),
            "expire_seconds": gettext_lazy("Expires after seconds"),
        }
        help_texts = {
            "name": "",
            "task": gettext_lazy("One of the tasks this installation knows."),
            "enabled": "",
            "description": "",
            "interval": gettext_lazy("Choose one of these three."),
            "crontab": "",
            "clocked": "",
            "start_time": "",
            "one_off": gettext_lazy("Switches itself off after the first run."),
            "args": gettext_lazy("A JSON list, such as [1, 2]."),
            "kwargs": gettext_lazy("A JSON object, such as {}."),
            "expire_seconds": gettext_lazy("A run that could not start in time is dropped."),
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        chosen = [name for name in ("interval", "crontab", "clocked") if data.get(name)]
        if len(chosen) != 1:
            raise forms.ValidationError(_("Choose exactly one of interval, crontab and a point in time."))
        for name, kind in (("args", list), ("kwargs", dict)):
            if name in data and not _is_json(data[name], kind):
                self.add_error(name, _("This is not valid JSON of the right kind."))
        return data


def _is_json(text: str, kind: type) -> bool:
    try:
        return isinstance(json.loads(text or "null"), kind)
    except ValueError:
        return False


@admin.register(PeriodicTask)
class ScheduleAdmin(ModelAdmin[PeriodicTask]):
    """What runs by the clock."""

    form = ScheduleForm
    list_display = ("shown_name", "shown_schedule", "shown_state", "shown_last_run", "shown_runs")
    list_display_links = ("shown_name",)
    list_filter = ("enabled", "one_off")
    list_select_related = ("interval", "crontab", "clocked", "solar")
    search_fields = ("name", "task")
    actions = ("enable", "disable", "run_now")
    fieldsets = (
        (None, {"fields": ("name", "task", "enabled", "description")}),
        (gettext_lazy("Schedule"), {"fields": ("interval", "crontab", "clocked", "start_time", "one_off")}),
        (gettext_lazy("Arguments"), {"fields": ("args", "kwargs", "expire_seconds"), "classes": ("collapse",)}),
    )
    empty_state = gettext_lazy("A schedule runs a task by the clock, on one node at a time.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        # celery's own tasks clean a result store that is not used here
        return super().get_queryset(request).exclude(Q(name__startswith="celery."))

    @display(description=gettext_lazy("Name"), ordering="name")
    def shown_name(self, task: PeriodicTask) -> SafeString:
        title = OUR_OWN.get(task.name, task.name)
        below = format_html('<span class="gh-person-sub gh-mono">{}</span>', task.task) if task.task != title else ""
        return format_html('<span class="gh-person-name">{}</span>{}', title, below)

    @display(description=gettext_lazy("Runs"))
    def shown_schedule(self, task: PeriodicTask) -> str:
        if task.crontab:
            return str(task.crontab.human_readable)
        return str(task.interval or task.clocked or task.solar or DASH)

    @display(description=gettext_lazy("State"), ordering="enabled")
    def shown_state(self, task: PeriodicTask) -> SafeString:
        return badge(_("on"), "ok") if task.enabled else badge(_("off"), "idle")

    @display(description=gettext_lazy("Last run"), ordering=F("last_run_at").asc(nulls_first=True))
    def shown_last_run(self, task: PeriodicTask) -> SafeString:
        return ago(task.last_run_at)

    @display(description=gettext_lazy("Runs so far"), ordering="total_run_count")
    def shown_runs(self, task: PeriodicTask) -> int:
        return int(task.total_run_count)

    @admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, on=False)

    @admin.action(description=gettext_lazy("Run now"), permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        current_app.loader.import_default_modules()
        unknown = [task.name for task in queryset if task.task not in current_app.tasks]
        if unknown:
            text = _("This installation knows no such task: %(names)s") % {"names": ", ".join(unknown)}
            self.message_user(request, text, messages.ERROR)
            return
        try:
            for task in queryset:
                messenger.send(task.task, args=json.loads(task.args), kwargs=json.loads(task.kwargs))
        except Unreachable as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return
        number = len(queryset)
        text = ngettext("%(n)d task has been started.", "%(n)d tasks have been started.", number) % {"n": number}
        self.message_user(request, text, messages.SUCCESS)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], *, on: bool) -> None:
        number = queryset.update(enabled=on)
        PeriodicTasks.update_changed()
        text = (
            ngettext("%(n)d schedule is on.", "%(n)d schedules are on.", number)
            if on
            else ngettext("%(n)d schedule is off.", "%(n)d schedules are off.", number)
        )
        self.message_user(request, text % {"n": number}, messages.SUCCESS)


class Timing(ModelAdmin[Any]):
    """A point or rhythm in time that schedules share; made from within a schedule."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}


@admin.register(IntervalSchedule)
class IntervalAdmin(Timing):
    """Every so often."""


class CrontabForm(forms.ModelForm):  # type: ignore[type-arg]  # django-celery-beat is untyped
    """A rhythm of the calendar."""

    class Meta:
        model = CrontabSchedule
        fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone")
        help_texts = {
            "minute": gettext_lazy("0 to 59; several with commas, * for each, */15 for every fifteenth."),
            "hour": gettext_lazy("0 to 23, written likewise."),
            "day_of_month": gettext_lazy("1 to 31, written likewise."),
            "month_of_year": gettext_lazy("1 to 12, written likewise."),
            "day_of_week": gettext_lazy("0 to 6, 0 is Sunday; written likewise."),
            "timezone": gettext_lazy("The clock it follows."),
        }


@admin.register(CrontabSchedule)
class CrontabAdmin(Timing):
    """By the calendar."""

    form = CrontabForm

    list_display = ("__str__", "human_readable")


@admin.register(ClockedSchedule)
class ClockedAdmin(Timing):
    """Once, at a point in time."""
