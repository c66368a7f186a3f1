"""The audit trail, in the house's style."""

import json
from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.decorators import display

from project import events
from project.core.admin import DASH, ModelAdmin, ReadOnlyAdmin, ago, badge


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

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return events.seen_by(request.user)

    @display(description=gettext_lazy("When"), ordering="timestamp")
    def shown_when(self, entry: LogEntry) -> SafeString:
        return ago(entry.timestamp)

    @display(description=gettext_lazy("Who"), ordering="actor__username")
    def shown_actor(self, entry: LogEntry) -> str:
        return events.who(entry, full=True)

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
