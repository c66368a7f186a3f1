"""What people fill in to have text messages sent."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.sms import people, phones
from integrations.sms.errors import NotAPhoneNumber, OutOfReach
from integrations.sms.models import Message, Template
from integrations.sms.models.templates import languages
from integrations.sms.services.messages import LONGEST_PARAMETER

PARAMETER = "parameter-"


class TemplateChoice(forms.ModelChoiceField[Template]):
    """A template by its name and key."""

    def __init__(self, **more: Any) -> None:
        widget = UnfoldAdminSelectWidget(attrs={"data-reload": ""})
        super().__init__(offered(), label=gettext_lazy("Template"), to_field_name="key", widget=widget, **more)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.key})"


def offered() -> QuerySet[Template]:
    """The templates people may choose; those for codes are for codes."""
    return Template.objects.in_use().filter(by_hand=True).prefetch_related("texts")


def chosen(key: str) -> Template | None:
    """The template of this key if people may choose it, else the first they may."""
    Template.objects.named("notice")  # so that there is one to choose
    return offered().filter(key=key).first() or offered().first()


class ParametersForm(forms.Form):
    """A template and what it asks for."""

    template = TemplateChoice()

    def __init__(self, *args: Any, template: Template | None, optional: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("template", template.key if template else "")
        self.places = sorted(template.places) if template else []
        for name in self.places:
            widget = UnfoldAdminTextInputWidget(attrs={"data-parameter": name})
            self.fields[f"{PARAMETER}{name}"] = forms.CharField(
                label=name, max_length=LONGEST_PARAMETER, required=not optional, widget=widget
            )

    @property
    def parameters(self) -> Mapping[str, str]:
        """What was given."""
        values = {name: self.cleaned_data.get(f"{PARAMETER}{name}", "") for name in self.places}
        return {name: value for name, value in values.items() if value}

    def parameter_fields(self) -> list[forms.BoundField]:
        return [self[f"{PARAMETER}{name}"] for name in self.places]


class CampaignForm(ParametersForm):
    """What a campaign says. What is left empty stands in the sheet, or is the person's own name."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("What you will find it by. Empty: the template's name."),
    )

    def __init__(self, *args: Any, template: Template | None, **kwargs: Any) -> None:
        super().__init__(*args, template=template, optional=True, **kwargs)

    @property
    def said(self) -> dict[str, Any]:
        """What the campaigns' services ask for."""
        given = self.cleaned_data
        return {"name": given["name"], "template": given["template"].key, "parameters": self.parameters}


class UploadForm(CampaignForm):
    """A campaign to the rows of a sheet."""

    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)


class SendForm(ParametersForm):
    """One message, to one of the people one reaches, or to a number."""

    phone = forms.CharField(
        label=gettext_lazy("Or a number"),
        required=False,
        max_length=phones.LONGEST,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["person"] = forms.ModelChoiceField(
            people.reached_by(by),
            label=gettext_lazy("To"),
            required=False,
            widget=AutocompleteSelect(Message._meta.get_field("person"), admin.site),
        )
        choices = [("", _("That of the person")), *languages()]
        self.fields["language"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        person, phone = given.get("person"), (given.get("phone") or "").strip()
        if bool(person) == bool(phone):
            raise ValidationError(_("Choose a person, or give a number: one of the two."))
        if person:
            given["number"] = people.number_of(person)
            if not given["number"]:
                self.add_error("person", _("This person has no phone number that can be written to."))
            return given
        try:
            given["number"] = phones.parse(phone)
            people.whose(given["number"], by=self.by)
        except (NotAPhoneNumber, OutOfReach) as problem:
            self.add_error("phone", [text for texts in problem.fields.values() for text in texts])
        return given
