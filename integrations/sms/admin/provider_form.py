"""What people fill in to set a provider up. Credentials go in and never come out."""

import ipaddress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integrations.sms import kinds, services
from integrations.sms.models import Provider
from project.core.admin import ServiceForm

LABELS = {
    "access_key_id": gettext_lazy("Access key id"),
    "access_key_secret": gettext_lazy("Access key secret"),
    "secret_id": gettext_lazy("Secret id"),
    "secret_key": gettext_lazy("Secret key"),
    kinds.SIGNATURE: gettext_lazy("Secret of receipts"),
    "sdk_app_id": gettext_lazy("App id of the SDK"),
    "region": gettext_lazy("Region"),
}
WRITTEN = (
    "key", "name", "kind", "enabled", "position", "daily_quota", "cost_per_segment", "sign_name", "endpoint",
)  # fmt: skip


class PrefixField(forms.CharField):
    """Country codes with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(f"+{one}" for one in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        given = [one.strip().removeprefix("+") for one in super().clean(value).replace("，", ",").split(",")]
        found = [int(one) for one in given if one.isdecimal() and 0 < int(one) <= kinds.HIGHEST_PREFIX]
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
        initial.update({name: self.instance.option(name) for name in kinds.every_option()})
        if not self.instance.pk:
            initial["kind"] = Provider.Kind.ALIYUN
        kept = self.instance.masked_credentials if self.instance.pk else {}
        for name in kinds.every_credential():
            if name in self.fields and name in kept:
                self.fields[name].help_text = _("Kept: {masked}. Leave it empty to keep it.").format(masked=kept[name])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kept = self.instance.masked_credentials if self.instance.pk else {}
        for name in kinds.needed(given.get("kind", "")):
            if not given.get(name) and name not in kept:
                self.add_error(name, _("This provider needs it."))
        return given

    def write(self) -> Provider:
        kind, given = self.cleaned_data["kind"], self.cleaned_data
        self.instance.prefixes, self.instance.receipt_addresses = given["prefixes"], given["receipt_addresses"]
        self.instance.options = {name: given[name] for name in kinds.options(kind) if given.get(name)}
        secrets = {name: given[name] for name in kinds.known(kind) if given.get(name)}
        return services.write_provider(self.instance, credentials=secrets, by=self.actor)


def _fields() -> dict[str, forms.Field]:
    secret = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
    fields: dict[str, forms.Field] = {
        name: forms.CharField(label=LABELS[name], required=False, max_length=200, widget=secret)
        for name in kinds.every_credential()
    }
    return fields | {
        name: forms.CharField(label=LABELS[name], required=False, max_length=60, widget=UnfoldAdminTextInputWidget)
        for name in kinds.every_option()
    }


WholeForm: Any = type("WholeForm", (ProviderForm,), _fields())
