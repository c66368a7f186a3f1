"""Providers: how they do today, and how they are set up. Credentials go in and never come out."""

import ipaddress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integrations.sms import looks, people, phones, routing, services, standing
from integrations.sms.admin.proof import ask
from integrations.sms.forms import TemplateChoice
from integrations.sms.models import Provider, Template
from project.core.admin import Confirmed, ServiceAdmin, ServiceForm, Tone, ago, badge, confirmation, is_confirmed
from project.core.errors import GatehouseError

CREDENTIALS = {
    "aliyun": ("access_key_id", "access_key_secret"),
    "tencent": ("secret_id", "secret_key"),
}
SIGNATURE = "receipt_secret"
OPTIONS = {"tencent": ("sdk_app_id", "region")}
LABELS = {
    "access_key_id": gettext_lazy("Access key id"),
    "access_key_secret": gettext_lazy("Access key secret"),
    "secret_id": gettext_lazy("Secret id"),
    "secret_key": gettext_lazy("Secret key"),
    SIGNATURE: gettext_lazy("Secret of receipts"),
    "sdk_app_id": gettext_lazy("App id of the SDK"),
    "region": gettext_lazy("Region"),
}
WRITTEN = (
    "key", "name", "kind", "enabled", "position", "daily_quota", "cost_per_segment", "sign_name", "endpoint",
)  # fmt: skip
HIGHEST_PREFIX = 999


class PrefixField(forms.CharField):
    """Country codes with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(f"+{one}" for one in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        given = [one.strip().removeprefix("+") for one in super().clean(value).replace("，", ",").split(",")]
        found = [int(one) for one in given if one.isdecimal() and 0 < int(one) <= HIGHEST_PREFIX]
        if len(found) != len([one for one in given if one]):
            raise ValidationError(_("Give country codes as numbers with commas: +86, +852"))
        return sorted(set(found))


class NetworksField(forms.CharField):
    """Networks, a line each."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        try:
            return [str(ipaddress.ip_network(one.strip())) for one in super().clean(value).split()]
        except ValueError:
            raise ValidationError(_("Give addresses or networks, a line each: 203.0.113.0/24")) from None


class ProviderForm(ServiceForm[Provider]):
    """A provider's account with us."""

    prefixes = PrefixField(
        label=gettext_lazy("Country codes"),
        required=False,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("It carries messages to these, for example +86, +852. Empty: to all."),
    )
    receipt_addresses = NetworksField(
        label=gettext_lazy("Addresses of receipts"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Networks from which receipts are taken, a line each."),
    )

    class Meta:
        model = Provider
        fields = WRITTEN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial: Any = self.initial
        initial.update(prefixes=self.instance.prefixes, receipt_addresses=self.instance.receipt_addresses)
        initial.update({name: self.instance.option(name) for names in OPTIONS.values() for name in names})
        kept = self.instance.masked_credentials if self.instance.pk else {}
        for name in secret_names():
            if name in self.fields and name in kept:
                self.fields[name].help_text = _("Kept: {masked}. Leave it empty to keep it.").format(masked=kept[name])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kept = self.instance.masked_credentials if self.instance.pk else {}
        for name in CREDENTIALS.get(given.get("kind", ""), ()):
            if not given.get(name) and name not in kept:
                self.add_error(name, _("This provider needs it."))
        return given

    def write(self) -> Provider:
        kind, given = self.cleaned_data["kind"], self.cleaned_data
        self.instance.prefixes, self.instance.receipt_addresses = given["prefixes"], given["receipt_addresses"]
        self.instance.options = {name: given[name] for name in OPTIONS.get(kind, ()) if given.get(name)}
        names = (*CREDENTIALS.get(kind, ()), SIGNATURE)
        secrets = {name: given[name].strip() for name in names if given.get(name)}
        return services.write_provider(self.instance, credentials=secrets, by=self.actor)


def secret_names() -> list[str]:
    return [*(name for names in CREDENTIALS.values() for name in names), SIGNATURE]


def _fields() -> dict[str, forms.Field]:
    secret = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
    fields: dict[str, forms.Field] = {
        name: forms.CharField(label=LABELS[name], required=False, max_length=200, widget=secret)
        for name in secret_names()
    }
    return fields | {
        name: forms.CharField(label=LABELS[name], required=False, max_length=60, widget=UnfoldAdminTextInputWidget)
        for names in OPTIONS.values()
        for name in names
    }


WholeForm: Any = type("WholeForm", (ProviderForm,), _fields())


@admin.register(Provider)
class ProviderAdmin(ServiceAdmin[Provider]):
    """Who carries text messages."""

    form = WholeForm
    list_display = (
        "shown_name", "shown_health", "position", "shown_countries", "shown_success", "shown_quota", "shown_cost",
    )  # fmt: skip
    list_display_links = ("shown_name",)
    search_fields = ("key", "name")
    actions = ("switch_on", "switch_off")
    actions_detail = ("send_test",)
    fieldsets = (
        (None, {"fields": (("name", "key"), ("kind", "enabled"), "shown_health")}),
        (
            gettext_lazy("Access"),
            {"fields": (tuple(CREDENTIALS["aliyun"]), tuple(CREDENTIALS["tencent"]), tuple(OPTIONS["tencent"]))},
        ),
        (
            gettext_lazy("What it carries"),
            {"fields": (("position", "prefixes"), ("sign_name", "daily_quota"), "cost_per_segment")},
        ),
        (gettext_lazy("Connection"), {"fields": ("endpoint", ("receipt_addresses", SIGNATURE))}),
    )
    readonly_fields = ("shown_health",)
    empty_state = gettext_lazy(
        "Nobody carries text messages yet. Add your account with Alibaba Cloud or Tencent Cloud; the first in order "
        "is asked first, the next when it cannot."
    )

    class Media:
        css = {"all": ("sms/sms.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_health", "key") if obj else ("shown_health",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        days = standing.today(found.result_list)
        for one in found.result_list:
            one.day = days[one.pk]
        return found

    # --- writing asks who is there ---

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        asked = ask(request) if request.method == "POST" and self._may_write(request, object_id) else None
        return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        asked = ask(request) if request.method == "POST" and self.has_delete_permission(request) else None
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
        if page := ask(request):
            return page
        for one in chosen:
            services.switch_provider(one, enabled=enabled, by=request.user, reason=answer.reason)
        n = len(chosen)
        self.message_user(
            request, ngettext("%(n)d provider changed.", "%(n)d providers changed.", n) % {"n": n}, messages.SUCCESS
        )
        return None

    def has_send_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("sms.send_message") and self.has_change_permission(request)

    @action(description=gettext_lazy("Send me a test message"), icon="send", url_path="test", permissions=["send_test"])
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = self.get_object(request, object_id)
        if provider is None:
            raise Http404
        if not self.has_send_test_permission(request):
            raise PermissionDenied
        number = people.number_of(request.user)
        if not number:
            self.message_user(request, _("Your account has no phone number to write to."), messages.ERROR)
            return redirect("admin:sms_provider_change", provider.pk)
        Template.objects.named("verification")
        answer = confirmation(
            self,
            request,
            [],
            question=_("Send yourself a message by {provider}").format(provider=provider),
            touched=[format_html('<span class="gh-mono">{}</span> {}', phones.masked(number), request.user)],
            button=_("Send"),
            note=_("It goes through this provider and no other, also while it is switched off, with example values."),
            form=TestForm(request.POST if is_confirmed(request) else None),
            back=reverse("admin:sms_provider_change", args=(provider.pk,)),
        )
        if not isinstance(answer, Confirmed):
            return answer
        if page := ask(request):
            return page
        template = Template.objects.get(key=request.POST.get("template"))
        try:
            message = services.send_test(provider, template=template, by=request.user, reason=answer.reason)
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return redirect("admin:sms_provider_change", provider.pk)
        return redirect("admin:sms_message_change", message.pk)

    # --- list ---

    @display(description=gettext_lazy("Provider"), ordering="name")
    def shown_name(self, provider: Provider) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{} · <span class="gh-mono">{}</span></span></span>',
            provider.name, provider.get_kind_display(), provider.key,
        )  # fmt: skip

    @display(description=gettext_lazy("State"), ordering="enabled")
    def shown_health(self, provider: Provider) -> Any:
        return health(provider) if provider.pk else None

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


class TestForm(forms.Form):
    """What a test says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"] = TemplateChoice()
        self.fields["template"].queryset = Template.objects.in_use()  # type: ignore[attr-defined]  # a choice of rows


def health(provider: Provider) -> SafeString:
    """How a provider is, in a word, and what it last said where something is wrong."""
    if not provider.enabled:
        return badge(_("off"), "idle")
    if routing.is_plaything(provider):
        return badge(_("not in production"), "bad")
    if provider.trouble_code:
        said = looks.in_words(provider.trouble_code, provider.trouble)
        return format_html(
            '{} <small class="sms-why">{} <code>{}</code> {}</small>',
            badge(_("refuses us"), "bad"), said, provider.trouble_code, ago(provider.trouble_at),
        )  # fmt: skip
    if standing.is_left_alone(provider):
        return badge(_("left alone"), "warn", icon="pause_circle")
    if routing.is_used_up(provider):
        return badge(_("quota used up"), "warn", icon="hourglass_bottom")
    return badge(_("in order"), "ok")
