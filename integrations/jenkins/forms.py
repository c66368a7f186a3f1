"""What people fill in to have a job built: fields made from what the job asks for."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integrations.jenkins import parameters
from integrations.jenkins.client.shapes import Parameter
from integrations.jenkins.models import Job

PARAMETER, WITHOUT = "parameter-", "without-"


class ParameterForm(forms.Form):
    """A job's parameters.

    :param last: what each begins with, where that is not the job's own.
    :param kept: secret ones and files that are kept already, and what says so when nothing else is given; None where none
        ever is.
    """

    def __init__(
        self, *args: Any, job: Job, last: Mapping[str, Any], kept: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asked, self.kept = job.asks_for, kept or {}
        own = dict(self.fields)
        self.fields.clear()
        for one in self.asked:
            field = _field(one, last.get(one.name, one.default))
            field.help_text = " · ".join(filter(None, [one.description, _hint(one, kept)]))
            self.fields[f"{PARAMETER}{one.name}"] = field
            if one.name in self.kept:
                self.fields[f"{WITHOUT}{one.name}"] = _remover(one)
        self.fields.update(own)

    def clean(self) -> dict[str, Any]:
        """What is kept is removed or given anew, and not both."""
        for name in self.kept:
            if self.cleaned_data.get(f"{WITHOUT}{name}") and self.cleaned_data.get(f"{PARAMETER}{name}"):
                self.add_error(f"{PARAMETER}{name}", _("Remove it or give it anew, not both."))
        return self.cleaned_data

    def given(self) -> dict[str, Any]:
        """What was given: what was removed, or was left empty and has no meaning when empty at Jenkins, is left out."""
        found: dict[str, Any] = {}
        for one in self.asked:
            value = self.cleaned_data.get(f"{PARAMETER}{one.name}")
            if self.cleaned_data.get(f"{WITHOUT}{one.name}"):
                continue
            if not value and one.name in self.kept:
                found[one.name] = self.kept[one.name]
            elif one.kind in parameters.FILES:
                if value:
                    found[one.name] = {"file": value.name, "content": value.read()}
            elif value != "" or not (one.secret or one.kind == parameters.CHOICE):
                found[one.name] = value
        return found

    def refuse(self, fields: Mapping[str, Any]) -> None:
        """Show at their fields what the service refused."""
        for name, said in (fields.get("parameters") or {}).items():
            known = f"{PARAMETER}{name}" in self.fields
            self.add_error(f"{PARAMETER}{name}" if known else None, said)


class BuildForm(ParameterForm):
    """A job's parameters, why it is to be built, and whether a text message tells the end.

    The key in it makes one build of two presses.
    """

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Whoever approves it reads this, and the audit trail keeps it."),
    )
    notify_sms = forms.BooleanField(
        label=gettext_lazy("Text message at the end"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, has_phone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)
        if not has_phone:
            del self.fields["notify_sms"]


class ApprovalForm(forms.Form):
    """Whether builds want a second person."""

    needed = forms.BooleanField(
        label=gettext_lazy("A second person approves each build"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    role = forms.ModelChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Who approves"),
        required=False,
        empty_label=gettext_lazy("whoever may approve builds"),
        widget=UnfoldAdminSelectWidget,
    )
    hours = forms.IntegerField(
        label=gettext_lazy("Hours to approve"),
        min_value=1,
        max_value=8760,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )


def _remover(one: Parameter) -> forms.Field:
    """What has something forgotten that is kept."""
    label = _("Remove what is kept of {name}").format(name=one.name)
    help_text = _("The job's own is taken from then on.")
    return forms.BooleanField(label=label, help_text=help_text, required=False, widget=UnfoldBooleanSwitchWidget)


def _hint(one: Parameter, kept: Mapping[str, str] | None) -> str:
    """What becomes of what is secret, and of files."""
    if kept is not None and one.name in kept:
        return _("Empty: {name}, which is sealed here.").format(name=kept[one.name])
    if one.secret:
        return _("Empty: the job's own. Never kept.") if kept is None else _("Empty: the job's own. It is sealed here.")
    return ""


def _field(one: Parameter, value: Any) -> forms.Field:
    more: dict[str, Any] = {"label": one.name, "required": False}
    if one.kind in parameters.FILES:
        return forms.FileField(widget=UnfoldAdminFileFieldWidget, **more)
    if one.secret:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
        return forms.CharField(widget=widget, max_length=parameters.LONGEST, strip=False, **more)
    if one.kind == parameters.BOOLEAN:
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, initial=str(value).lower() == "true", **more)
    if one.kind == parameters.CHOICE:
        choices = [(name, name) for name in one.choices]
        start = value if value in one.choices else next(iter(one.choices), "")
        return forms.ChoiceField(widget=UnfoldAdminSelectWidget, choices=choices, initial=start, **more)
    widget = (
        UnfoldAdminTextareaWidget(attrs={"rows": 4}) if one.kind == parameters.TEXT else UnfoldAdminTextInputWidget()
    )
    start = "" if value is None else str(value)
    return forms.CharField(widget=widget, max_length=parameters.LONGEST, initial=start, strip=False, **more)
