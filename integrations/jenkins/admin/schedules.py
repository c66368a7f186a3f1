"""Schedules: jobs that are built at a time, or again and again; when next, and which runs were missed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from unfold.decorators import display

from integrations.jenkins import rights, services
from integrations.jenkins.admin import planning
from integrations.jenkins.models import Schedule
from project.core.admin import ServiceAdmin, ago, badge


@admin.register(Schedule)
class ScheduleAdmin(ServiceAdmin[Schedule]):
    """When jobs are built by themselves."""

    form = planning.ScheduleForm
    list_display = ("shown_name", "shown_when", "shown_next", "last_run", "shown_missed", "shown_who")
    list_display_links = ("shown_name",)
    list_filter = ("enabled", "job__server")
    search_fields = ("name", "job__full_name")
    list_select_related = ("job", "job__server", "created_by")
    fields = (("name", "job"), "at", ("cron", "time_zone"), "parameters", ("reason", "notify_sms"), "enabled", "runs")
    readonly_fields = ("runs",)
    empty_state = gettext_lazy(
        "No job is built by itself yet. Add a schedule: a job, and a time or a cron line; whoever adds it asks for its builds."
    )

    class Media:
        css = {"all": ("jenkins/jenkins.css",)}
        js = ("jenkins/schedule.js",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(rights.PERMISSIONS["view"]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and bool(request.user.has_perm(rights.PERMISSIONS["build"]))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request) and (obj is None or rights.may(request.user, "build", obj.job))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return obj.created_by_id == request.user.pk or rights.may(request.user, "configure", obj.job)

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        address = path("parameters/<int:pk>/", inside(require_GET(planning.part)), name="jenkins_schedule_parameters")
        return [address, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return services.schedules_of(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("job", "runs") if obj else ("runs",)

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        services.unplan(obj, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected  # builds that it asked for stay

    @display(description=gettext_lazy("Schedule"), ordering="name")
    def shown_name(self, schedule: Schedule) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{}</span></span>',
            schedule.name,
            schedule.job.full_name,
        )

    @display(description=gettext_lazy("When"))
    def shown_when(self, schedule: Schedule) -> Any:
        if schedule.cron:
            return format_html('<span class="gh-mono gh-nowrap">{}</span>', schedule.cron)
        return _moment(schedule.at)

    @display(description=gettext_lazy("Next run"), ordering="next_at")
    def shown_next(self, schedule: Schedule) -> Any:
        if not schedule.enabled:
            return badge(_("switched off"), "idle", icon="toggle_off")
        return ago(schedule.next_at) if schedule.next_at else None

    @display(description=gettext_lazy("Last run"), ordering="last_at")
    def last_run(self, schedule: Schedule) -> Any:
        if schedule.trouble:
            return format_html('{} <span class="jk-why">{}</span>', ago(schedule.last_at), schedule.trouble)
        return ago(schedule.last_at) if schedule.last_at else None

    @display(description=gettext_lazy("Missed runs"), ordering="missed")
    def shown_missed(self, schedule: Schedule) -> Any:
        if not schedule.missed:
            return None
        return format_html("{} {}", badge(str(schedule.missed), "warn", icon="alarm_off"), ago(schedule.missed_at))

    @display(description=gettext_lazy("Asked by"))
    def shown_who(self, schedule: Schedule) -> Any:
        return schedule.created_by.get_full_name() if schedule.created_by else None

    @display(description=gettext_lazy("Next runs"))
    def runs(self, schedule: Schedule) -> Any:
        if not schedule.pk:
            return None
        lines = ((_moment(one),) for one in services.next_runs(schedule))
        return format_html_join(SafeString("<br>"), "{}", lines) or None


def _moment(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""
