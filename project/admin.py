"""Third parties' admin pages in the house's style: audit trail and schedules. Django's groups hide behind roles."""

import json
from typing import Any

import auditlog.admin  # noqa: F401 (registers its pages, before ours take their place)
import django.contrib.auth.admin  # noqa: F401 (likewise)
from auditlog.models import LogEntry
from celery import current_app
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat.admin import TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from project import events
from project.core.admin import DASH, ModelAdmin, ReadOnlyAdmin, ago, badge

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


class EventFilter(admin.SimpleListFilter):
    """Entries of one event."""

    title = gettext_lazy("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, look.text) for name, look in events.EVENTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(additional_data__event=self.value()) if self.value() else queryset


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin, ModelAdmin[LogEntry]):
    """Who did what: to read, never to write."""

    list_display = ("shown_when", "shown_actor", "shown_what", "shown_object", "shown_address", "shown_request")
    list_display_links = ("shown_when",)
    list_filter = (EventFilter, "action", ("actor", AutocompleteSelectFilter), ("timestamp", RangeDateTimeFilter))
    list_select_related = ("actor", "content_type")
    search_fields = ("object_repr", "cid", "actor__username", "actor__real_name", "remote_addr")
    search_help_text = gettext_lazy("Thing, person, address or request")
    readonly_fields = (
        "shown_when",
        "shown_actor",
        "shown_what",
        "shown_object",
        "shown_address",
        "shown_request",
        "shown_changes",
        "shown_details",
    )
    fieldsets = (
        (
            None,
            {"fields": ("shown_when", "shown_actor", "shown_what", "shown_object", "shown_address", "shown_request")},
        ),
        (gettext_lazy("Details"), {"fields": ("shown_changes", "shown_details")}),
    )
    empty_state = gettext_lazy("Whatever people change here, and what they do to others, is written down by itself.")

    @display(description=gettext_lazy("When"), ordering="timestamp")
    def shown_when(self, entry: LogEntry) -> SafeString:
        return ago(entry.timestamp)

    @display(description=gettext_lazy("Who"), ordering="actor__username")
    def shown_actor(self, entry: LogEntry) -> str:
        return str(entry.actor) if entry.actor else events.who(entry)

    @display(description=gettext_lazy("What"))
    def shown_what(self, entry: LogEntry) -> SafeString:
        look = events.look_of(entry)
        return badge(look.text, look.tone, icon=look.icon)

    @display(description=gettext_lazy("Thing"))
    def shown_object(self, entry: LogEntry) -> Any:
        if not entry.object_pk:
            return DASH
        try:
            page = f"admin:{entry.content_type.app_label}_{entry.content_type.model}_change"
            url = reverse(page, args=(entry.object_pk,))
        except NoReverseMatch:
            return entry.object_repr
        return format_html('<a class="gh-link" href="{}">{}</a>', url, entry.object_repr)

    @display(description=gettext_lazy("Request"))
    def shown_request(self, entry: LogEntry) -> SafeString:
        if not entry.cid:
            return SafeString(DASH)
        return format_html(
            '<a class="gh-link" href="?q={0}" title="{0}"><code>{1}</code></a>', entry.cid, entry.cid[:8]
        )

    @display(description=gettext_lazy("Address"))
    def shown_address(self, entry: LogEntry) -> str:
        return entry.remote_addr or DASH

    @display(description=gettext_lazy("Changes"))
    def shown_changes(self, entry: LogEntry) -> SafeString:
        model = entry.content_type.model_class()
        names = {field.name: str(field.verbose_name) for field in model._meta.fields} if model else {}
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((names.get(name, name), *_before_and_after(change)) for name, change in entry.changes_dict.items()),
        )
        if not rows:
            return SafeString(DASH)
        head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th></tr>", _("Field"), _("Before"), _("After"))
        return format_html('<table class="gh-table"><thead>{}</thead><tbody>{}</tbody></table>', head, rows)

    @display(description=gettext_lazy("More"))
    def shown_details(self, entry: LogEntry) -> SafeString:
        if not entry.additional_data:
            return SafeString(DASH)
        text = json.dumps(entry.additional_data, ensure_ascii=False, indent=2)
        return format_html('<pre class="gh-pre">{}</pre>', text)


def _before_and_after(change: Any) -> tuple[str, str]:
    if isinstance(change, list) and len(change) == 2:
        return str(change[0]), str(change[1])
    return DASH, json.dumps(change, ensure_ascii=False)


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
        below = (
            format_html('<span class="gh-person-sub gh-mono">{}</span>', task.task) if task.task != task.name else ""
        )
        return format_html('<span class="gh-person-name">{}</span>{}', task.name, below)

    @display(description=gettext_lazy("Runs"))
    def shown_schedule(self, task: PeriodicTask) -> str:
        if task.crontab:
            return str(task.crontab.human_readable)
        return str(task.interval or task.clocked or task.solar or DASH)

    @display(description=gettext_lazy("State"), ordering="enabled")
    def shown_state(self, task: PeriodicTask) -> SafeString:
        return badge(_("on"), "ok") if task.enabled else badge(_("off"), "idle")

    @display(description=gettext_lazy("Last run"), ordering="last_run_at")
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
        for task in queryset:
            current_app.tasks[task.task].apply_async(args=json.loads(task.args), kwargs=json.loads(task.kwargs))
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
