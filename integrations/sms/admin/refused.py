"""“Refused”: which codes were asked for and not sent, which limit said so, and what the limits are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from integrations.sms import looks
from integrations.sms.admin.masked import MaskedPhones
from integrations.sms.models import Refusal
from integrations.sms.shield import standing
from project.core.admin import DASH, ModelAdmin, ReadOnlyAdmin, Tone, ago, badge

TONES: dict[str, tuple[Tone, str]] = {
    Refusal.Limit.PHONE: ("info", "smartphone"),
    Refusal.Limit.ADDRESS: ("warn", "pin_drop"),
    Refusal.Limit.NETWORK: ("warn", "lan"),
    Refusal.Limit.DEVICE: ("warn", "devices"),
    Refusal.Limit.COUNTRY: ("bad", "public"),
    Refusal.Limit.PURPOSE: ("bad", "key"),
    Refusal.Limit.NOT_SERVED: ("idle", "public_off"),
    Refusal.Limit.BLOCKED: ("idle", "block"),
    Refusal.Limit.BUDGET: ("bad", "payments"),
}


@admin.register(Refusal)
class RefusalAdmin(MaskedPhones, ReadOnlyAdmin, ModelAdmin[Refusal]):
    """What was refused, the newest first; above it how much, and the limits."""

    list_before_template = "sms/shield.html"
    list_display = (
        "shown_phone",
        "shown_limit",
        "rate",
        "shown_purpose",
        "ip",
        "shown_person",
        "shown_opens",
        "shown_when",
    )
    list_display_links = ("shown_phone",)
    list_filter = ("limit", "purpose", ("created_at", RangeDateTimeFilter))
    list_select_related = ("person",)
    search_fields = ("phone",)
    ordering = ("-created_at", "-pk")
    fields = (
        "shown_phone",
        "shown_limit",
        "rate",
        "shown_purpose",
        "ip",
        "network",
        "shown_person",
        "opens_at",
        "created_at",
    )
    readonly_fields = fields
    empty_state = gettext_lazy("Nothing was refused: nobody has asked for more codes than the limits allow.")

    @display(description=gettext_lazy("Why"), ordering="limit")
    def shown_limit(self, refusal: Refusal) -> SafeString:
        tone, icon = TONES.get(refusal.limit, ("info", ""))
        return badge(refusal.get_limit_display(), tone, icon=icon)

    @display(description=gettext_lazy("Purpose"), ordering="purpose")
    def shown_purpose(self, refusal: Refusal) -> Any:
        return looks.purpose(refusal.purpose)

    @display(description=gettext_lazy("Who asked"))
    def shown_person(self, refusal: Refusal) -> Any:
        return refusal.person.get_full_name() if refusal.person else DASH

    @display(description=gettext_lazy("Again from"), ordering="opens_at")
    def shown_opens(self, refusal: Refusal) -> SafeString:
        return ago(refusal.opens_at)

    @display(description=gettext_lazy("When"), ordering="created_at")
    def shown_when(self, refusal: Refusal) -> SafeString:
        return ago(refusal.created_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, (extra_context or {}) | {"shield": standing.look()})

    class Media:
        css = {"all": ("sms/sms.css",)}
