"""Providers: how they do today, and how they are set up."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from unfold.decorators import display

from integrations.sms import kinds, looks, proof, services, standing
from integrations.sms.admin.arranging import Arranging
from integrations.sms.admin.provider_form import WholeForm
from integrations.sms.admin.trying import Trying
from integrations.sms.models import Provider
from project.core.admin import Confirmed, Tone, badge, confirmation


@admin.register(Provider)
class ProviderAdmin(Arranging, Trying):
    """Who carries text messages."""

    form = WholeForm
    list_display = (
        "shown_place", "shown_name", "shown_health", "shown_countries", "shown_success", "shown_quota", "shown_cost",
    )  # fmt: skip
    list_display_links = ("shown_name",)
    search_fields = ("key", "name")
    actions = ("switch_on", "switch_off")
    fieldsets = (
        (None, {"fields": (("name", "key"), ("kind", "enabled"), "shown_health")}),
        (
            gettext_lazy("Access"),
            {"fields": (kinds.needed("aliyun"), kinds.needed("tencent"), kinds.options("tencent"))},
        ),
        (
            gettext_lazy("What it carries"),
            {"fields": (("position", "prefixes"), ("sign_name", "daily_quota"), "cost_per_segment")},
        ),
        (gettext_lazy("Connection"), {"fields": ("endpoint", ("receipt_addresses", kinds.SIGNATURE))}),
    )
    readonly_fields = ("shown_health",)
    empty_state = gettext_lazy(
        "Nobody carries text messages yet. Add your account with Alibaba Cloud or Tencent Cloud; the first in order "
        "is asked first, the next when it cannot."
    )

    class Media:
        css = {"all": ("sms/sms.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first, *rest = super().get_fieldsets(request, obj)
        if obj is None:  # how it is, nobody knows yet
            first = (None, {"fields": (("name", "key"), ("kind", "enabled"))})
        return (first, *rest)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_health", "key") if obj else ("shown_health",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        days = standing.today(found.result_list)
        places = {pk: at for at, pk in enumerate(Provider.objects.values_list("pk", flat=True), start=1)}
        for one in found.result_list:
            one.day, one.place = days[one.pk], places.get(one.pk)
        return found

    # --- writing asks who is there ---

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        asked = proof.ask(request) if request.method == "POST" and self._may_write(request, object_id) else None
        return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        asked = proof.ask(request) if request.method == "POST" and self.has_delete_permission(request) else None
        return asked or super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected  # the ids of templates there go along

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        services.delete_provider(obj, by=request.user)

    def _may_write(self, request: HttpRequest, object_id: str | None) -> bool:
        return self.has_change_permission(request) if object_id else self.has_add_permission(request)

    # --- actions ---

    @admin.action(description=gettext_lazy("Switch on…"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Provider]) -> HttpResponse | None:
        question = ngettext("Switch %(n)d provider on", "Switch %(n)d providers on", queryset.count())
        return self._switch(request, list(queryset), question, _("They carry messages from now on."), enabled=True)

    @admin.action(description=gettext_lazy("Switch off…"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Provider]) -> HttpResponse | None:
        question = ngettext("Switch %(n)d provider off", "Switch %(n)d providers off", queryset.count())
        note = _("They carry no message any more; those that wait go to the next in order, or wait on.")
        return self._switch(request, list(queryset), question, note, enabled=False)

    def _switch(
        self, request: HttpRequest, chosen: list[Provider], question: str, note: str, *, enabled: bool
    ) -> HttpResponse | None:
        question %= {"n": len(chosen)}
        answer = confirmation(self, request, chosen, question=question, touched=chosen, button=question, note=note)
        if not isinstance(answer, Confirmed):
            return answer
        if page := proof.ask(request):
            return page
        for one in chosen:
            services.switch_provider(one, enabled=enabled, by=request.user, reason=answer.reason)
        n = len(chosen)
        self.message_user(
            request, ngettext("%(n)d provider changed.", "%(n)d providers changed.", n) % {"n": n}, messages.SUCCESS
        )
        return None

    # --- list ---

    @display(description=pgettext_lazy("place in an order", "No."), ordering="position")
    def shown_place(self, provider: Any) -> Any:
        return provider.place

    @display(description=gettext_lazy("Provider"), ordering="name")
    def shown_name(self, provider: Provider) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{} · <span class="gh-mono">{}</span></span></span>',
            provider.name, provider.get_kind_display(), provider.key,
        )  # fmt: skip

    @display(description=gettext_lazy("State"), ordering="enabled")
    def shown_health(self, provider: Any) -> Any:
        day = getattr(provider, "day", None)
        return looks.health(provider, day.sent if day else None) if provider.pk else None

    @display(description=gettext_lazy("Country codes"))
    def shown_countries(self, provider: Provider) -> str:
        comma = pgettext("between the items of a list", ", ")
        return comma.join(f"+{one}" for one in provider.prefixes) or _("all")

    @display(description=gettext_lazy("Taken today"))
    def shown_success(self, provider: Any) -> Any:
        day = provider.day
        if day.success is None:
            return None
        tone: Tone = "ok" if day.success >= 95 else "warn" if day.success >= 80 else "bad"
        tries = ngettext("of %(n)d try", "of %(n)d tries", day.tried) % {"n": day.tried}
        return format_html('{} <span class="gh-faint gh-nowrap">{}</span>', badge(f"{day.success} %", tone), tries)

    @display(description=gettext_lazy("Sent today"))
    def shown_quota(self, provider: Any) -> str:
        sent = number_format(provider.day.sent)
        return f"{sent} / {number_format(provider.daily_quota)}" if provider.daily_quota is not None else sent

    @display(description=gettext_lazy("Cost today"))
    def shown_cost(self, provider: Any) -> SafeString:
        return format_html('<span class="gh-nowrap">{}</span>', looks.money(provider.day.cost))
