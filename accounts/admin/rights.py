"""Why may somebody do something? One person's rights, and all roles side by side."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import scope, why
from accounts.admin import shown
from accounts.admin.permissions import table
from accounts.models import ApiToken, Role, User
from project.core.admin import badge

NEEDED = ("accounts.view_user", "accounts.view_role")


class QuestionForm(forms.Form):
    """A permission, whom it would be used on, and by way of what."""

    permission = forms.ChoiceField(label=gettext_lazy("May they"), widget=UnfoldAdminSelectWidget)
    subject = forms.CharField(
        label=gettext_lazy("To whom"),
        required=False,
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": gettext_lazy("User name"), "autocomplete": "off"}),
        help_text=gettext_lazy("Empty: to nobody in particular."),
    )
    token = forms.ChoiceField(
        label=gettext_lazy("By way of"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("An API token may only part of what its owner may."),
    )

    def __init__(self, data: Any, *, person: User, reader: Any) -> None:
        super().__init__(data)
        self.person, self.reader = person, reader
        self.verdict: why.Verdict | None = None
        permission: Any = self.fields["permission"]
        permission.choices = [("", "---------"), *deeds()]
        token: Any = self.fields["token"]
        self.tokens = {one.key_id: one for one in ApiToken.objects.live().filter(owner=person).select_related("owner")}
        token.choices = [("", _("themselves")), *((one.key_id, str(one)) for one in self.tokens.values())]

    def clean_subject(self) -> User | None:
        name = self.cleaned_data["subject"].strip()
        if not name:
            return None
        found: User | None = scope.people(self.reader).filter(username=name).first()
        if found is None:
            raise forms.ValidationError(_("There is nobody of the user name “{name}”.").format(name=name[:60]))
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if not self.errors:
            token = self.tokens.get(given["token"])
            self.verdict = why.may(self.person, given["permission"], given["subject"], token)
        return given


def deeds() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be asked for, by kind of thing: "Users: Change"."""

    def choice(_permission: Permission, name: str, label: str) -> tuple[str, str]:
        return name, label

    return [
        (part, [(name, f"{row.title}: {label}") for row in rows for name, label in row.cells])
        for part, rows in table(choice)
    ]


def show(request: HttpRequest, person: User) -> HttpResponse:
    """Show all that `person` may, with what gives it, and answer a question about it."""
    found = why.of(person)
    asked = request.GET if "permission" in request.GET else None
    form = QuestionForm(asked, person=person, reader=request.user)
    if asked is not None:
        form.is_valid()

    def cell(_permission: Permission, name: str, label: str) -> dict[str, Any]:
        return {"label": label, "name": name, "sources": found.sources.get(name, [])}

    context = admin.site.each_context(request) | {
        "title": _("Rights of %(name)s") % {"name": person.get_full_name()},
        "opts": User._meta,
        "original": person,
        "status": shown.status(person),
        "rights": found,
        "reach": why.reach_in_words(person.reach, found.departments),
        "parts": [(part, why.reach_in_words(part.reach, part.departments)) for part in found.parts],
        "sections": table(cell),
        "form": form,
        "verdict": form.verdict,
        "answer": _answer(form.verdict),
    }
    return TemplateResponse(request, "gatehouse/rights.html", context)


def _answer(verdict: why.Verdict | None) -> SafeString | None:
    if verdict is None:
        return None
    return badge(_("Yes, they may"), "ok") if verdict.allowed else badge(_("No, they may not"), "bad", icon="block")


def side_by_side(request: HttpRequest) -> HttpResponse:
    """Show all roles beside each other: what each permits, and whom it reaches."""
    roles = list(Role.objects.select_related("group").prefetch_related("group__permissions", "departments"))
    given = {role.pk: {one.pk for one in role.group.permissions.all()} for role in roles}

    def line(permission: Permission, name: str, label: str) -> dict[str, Any]:
        return {"label": label, "name": name, "held": [permission.pk in given[role.pk] for role in roles]}

    context = admin.site.each_context(request) | {
        "title": _("Roles side by side"),
        "opts": Role._meta,
        "roles": roles,
        "sections": table(line),
        "is_fullwidth": True,
    }
    return TemplateResponse(request, "gatehouse/roles_side_by_side.html", context)
