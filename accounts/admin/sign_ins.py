"""Every attempt to sign in."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.decorators import display

from accounts import places, sign_in_log
from accounts.admin import shown
from accounts.models import LoginEvent
from integrations.sheets.buttons import SheetButtons
from project.core.admin import ModelAdmin, ReadOnlyAdmin, ago


class CountryFilter(admin.SimpleListFilter):
    """Sign-ins from one country."""

    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        codes = LoginEvent.objects.order_by().values_list("country", flat=True).distinct()
        return sorted(((code or "-", places.name_of(code)) for code in codes), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.value()
        return queryset.filter(country=code.strip("-")) if code else queryset


@admin.register(LoginEvent)
class LoginEventAdmin(SheetButtons, ReadOnlyAdmin, ModelAdmin[LoginEvent]):
    """Who tried to sign in, from where, with what, and how it went."""

    sheet_resource = "sign_ins"
    list_display = ("shown_user", "shown_outcome", "scope", "shown_place", "shown_program", "shown_when")
    list_display_links = ("shown_user",)
    list_filter = (
        "succeeded",
        "reason",
        "is_new_device",
        CountryFilter,
        "scope",
        "method",
        "device_kind",
        ("user", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_filter_submit = True
    search_fields = sign_in_log.SEARCHED
    search_help_text = gettext_lazy("User name, name, address or browser")
    actions_list = SheetButtons.sheet_buttons
    fieldsets = (
        (None, {"fields": ("user", "username", "shown_outcome", "scope", "method", "created_at", "session")}),
        (gettext_lazy("Where from"), {"fields": ("ip", "shown_country")}),
        (
            gettext_lazy("Device"),
            {"fields": ("browser", "os", "device_kind", "is_new_device", "user_agent")},
        ),
    )
    readonly_fields = ("shown_outcome", "shown_country")
    empty_state = gettext_lazy("Every attempt to sign in, successful or not, is listed here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginEvent]:
        return sign_in_log.seen_by(request.user)

    @display(description=gettext_lazy("Person"), ordering="username")
    def shown_user(self, event: LoginEvent) -> Any:
        return shown.person(event.user) if event.user else event.username

    @display(description=gettext_lazy("Outcome"), ordering="reason")
    def shown_outcome(self, event: LoginEvent) -> SafeString:
        return shown.outcome(event)

    @display(description=pgettext_lazy("where from", "Place"), ordering="country")
    def shown_place(self, event: LoginEvent) -> SafeString:
        return shown.place(event)

    @display(description=pgettext_lazy("where from", "Place"))
    def shown_country(self, event: LoginEvent) -> str:
        return places.name_of(event.country, event.region)

    @display(description=gettext_lazy("Device"), ordering="browser")
    def shown_program(self, event: LoginEvent) -> SafeString:
        return shown.program(event)

    @display(description=gettext_lazy("When"), ordering="created_at")
    def shown_when(self, event: LoginEvent) -> SafeString:
        return ago(event.created_at)
