"""Address rules: who may come in from where, and a box to try an address."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanWidget

from accounts import addresses, services
from accounts.admin.forms import acting
from accounts.models import AddressRule
from integrations.sheets.buttons import SheetButtons
from project.core import context
from project.core.admin import DASH, ServiceAdmin, ServiceForm, ago, badge

WRITTEN = ("effect", "pattern", "for_admin", "for_api", "for_gateway", "comment", "is_active", "expires_at")


class AddressRuleForm(ServiceForm[AddressRule]):
    """A rule; whoever would lock themselves out has to say that they know."""

    i_know = forms.BooleanField(
        label=gettext_lazy("I know that this may lock me out"), required=False, widget=UnfoldBooleanWidget
    )

    class Meta:
        model = AddressRule
        fields = WRITTEN

    def write(self) -> AddressRule:
        fields = {name: self.cleaned_data[name] for name in WRITTEN if name in self.cleaned_data}
        knows = self.cleaned_data["i_know"]
        if self.instance.pk:
            return services.update_address_rule(by=acting(self), rule=self.instance, i_know=knows, **fields)
        return services.create_address_rule(by=acting(self), i_know=knows, **fields)


@admin.register(AddressRule)
class AddressRuleAdmin(SheetButtons, ServiceAdmin[AddressRule]):
    """A denial wins; where anything is allowed, only that may pass."""

    sheet_resource = "address_rules"
    form = AddressRuleForm
    list_before_template = "gatehouse/address_test.html"
    list_display = ("shown_pattern", "shown_effect", "shown_places", "shown_state", "comment", "hits", "shown_hit")
    list_display_links = ("shown_pattern",)
    list_filter = ("effect", "is_active", "for_admin", "for_api", "for_gateway")
    search_fields = ("pattern", "comment")
    actions_list = SheetButtons.sheet_buttons
    search_help_text = gettext_lazy("Addresses or comment")
    fieldsets = (
        (None, {"fields": (("effect", "pattern"), "comment")}),
        (gettext_lazy("Where it applies"), {"fields": (("for_admin", "for_api", "for_gateway"),)}),
        (gettext_lazy("When it applies"), {"fields": ("is_active", "expires_at", "i_know")}),
        (gettext_lazy("So far"), {"fields": ("hits", "last_hit_at", "created_by", "created_at")}),
    )
    readonly_fields = ("hits", "last_hit_at", "created_by", "created_at")
    empty_state = gettext_lazy(
        "Without rules everybody may try to sign in from everywhere. Deny what bothers you, or allow only what you know."
    )

    def get_urls(self) -> list[URLPattern]:
        tried = self.admin_site.admin_view(require_GET(self.test))
        return [path("test/", tried, name="accounts_addressrule_test"), *super().get_urls()]

    def test(self, request: HttpRequest) -> HttpResponse:
        """Tell what the rules say to an address, and which of them decides."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("address", "").strip()[:100] or context.get_ip()
        problem, found = "", None
        try:
            found = addresses.verdict(str(addresses.patterns.parse_address(asked)))
        except ValidationError as wrong:
            problem = wrong.messages[0]
        page = self.admin_site.each_context(request) | {
            "title": _("Would this address pass?"),
            "opts": self.opts,
            "asked": asked,
            "problem": problem,
            "lines": [_line(one) for one in found["decisions"]] if found else [],
        }
        return TemplateResponse(request, "gatehouse/address_verdict.html", page)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # what allows one keeps all others out: nobody should do that by not choosing
        return {"effect": AddressRule.Effect.DENY} | super().get_changeform_initial_data(request)

    def delete_model(self, request: HttpRequest, obj: AddressRule) -> None:
        services.delete_address_rule(by=acting(request), rule=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AddressRule]) -> None:
        for one in queryset:
            services.delete_address_rule(by=acting(request), rule=one)

    @display(description=gettext_lazy("Addresses"), ordering="pattern")
    def shown_pattern(self, rule: AddressRule) -> SafeString:
        return format_html('<span class="gh-mono">{}</span>', rule.pattern)

    @display(description=gettext_lazy("Effect"), ordering="effect")
    def shown_effect(self, rule: AddressRule) -> SafeString:
        return _effect(rule)

    @display(description=gettext_lazy("Where"))
    def shown_places(self, rule: AddressRule) -> str:
        labels = dict(AddressRule.Place.choices)
        return pgettext("between the items of a list", ", ").join(str(labels[place]) for place in rule.places) or DASH

    @display(description=gettext_lazy("State"), ordering="is_active")
    def shown_state(self, rule: AddressRule) -> SafeString:
        if not rule.is_active:
            return badge(_("off"), "idle")
        if rule.has_run_out:
            return badge(_("run out"), "idle", icon="timer_off")
        if rule.expires_at is None:
            return badge(_("on"), "ok")
        return format_html("{} {}", badge(_("on"), "ok", icon="timer"), ago(rule.expires_at))

    @display(description=gettext_lazy("Last hit"), ordering=F("last_hit_at").asc(nulls_first=True))
    def shown_hit(self, rule: AddressRule) -> SafeString:
        return ago(rule.last_hit_at)


def _effect(rule: AddressRule) -> SafeString:
    denies = rule.effect == AddressRule.Effect.DENY
    return badge(rule.get_effect_display(), "bad" if denies else "ok", icon="block" if denies else "")


def _line(decision: dict[str, Any]) -> dict[str, Any]:
    passes = decision["passes"]
    return decision | {"badge": badge(_("passes") if passes else _("refused"), "ok" if passes else "bad")}
