"""Setting somebody's password, and one's own; the pages at the door for who forgot theirs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import HASH_SESSION_KEY, password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from accounts import passwords, services, sign_in
from accounts.admin.entering import next_of
from accounts.models import LoginSession, User
from accounts.signing_in_and_out import caller_of
from project.core.errors import GatehouseError


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("New password, again"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["new_password"].help_text = password_validation.password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        if data["new_password"] != data["again"]:
            raise ValidationError({"again": _("The two passwords are not the same.")})
        try:
            self.carry_out(data)
        except GatehouseError as problem:
            fields = {name: said for name, said in problem.fields.items() if name in self.fields}
            raise ValidationError(fields or str(problem)) from problem
        return data

    def carry_out(self, data: dict[str, Any]) -> None:
        """Set the password; what is wrong with it is raised."""
        raise NotImplementedError


class PasswordForm(NewPasswordForm):
    """A new password for somebody else: staff with the permission need no further proof."""

    must_change = forms.BooleanField(
        label=gettext_lazy("They must choose another at their next sign-in"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Then nobody but them knows it."),
    )

    def __init__(self, data: Any = None, *, subject: User, actor: Any) -> None:
        super().__init__(data)
        self.subject, self.actor = subject, actor
        self.ended = 0

    def carry_out(self, data: dict[str, Any]) -> None:
        self.ended = services.set_password(
            user=self.subject, password=data["new_password"], by=self.actor, must_change=data["must_change"]
        )


class OwnPasswordForm(NewPasswordForm):
    """A new password of one's own: the present one proves who asks."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("old_password", "new_password", "again")

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        self.request = request
        self.ended = 0

    def carry_out(self, data: dict[str, Any]) -> None:
        user: Any = self.request.user
        here: LoginSession | None = getattr(self.request, "login_session", None)
        sign_in.confirm(user, data["old_password"], caller_of(self.request))
        self.ended = services.set_password(user=user, password=data["new_password"], by=user, keep=here)


def page(request: HttpRequest, form: forms.Form, title: str, opts: Any = None) -> TemplateResponse:
    """Answer with the form."""
    context = admin.site.each_context(request) | {"title": title, "form": form, "opts": opts}
    return TemplateResponse(request, "gatehouse/password.html", context)


def change_own(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session ends, this one stays."""
    here: LoginSession | None = getattr(request, "login_session", None)
    is_due = here is not None and passwords.is_due(here)
    form = OwnPasswordForm(request)
    if form.is_bound and form.is_valid():
        user: Any = request.user
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        told = ngettext("%(n)d other session ended.", "%(n)d other sessions ended.", form.ended) % {"n": form.ended}
        messages.success(request, _("Your password is changed.") + " " + told)
        return redirect(next_of(request) if is_due else reverse("dashboard:devices"))
    if is_due:
        about = {"form": form, "next": next_of(request), "is_due": True, "person": request.user}
        return TemplateResponse(request, "gatehouse/new_password.html", admin.site.each_context(request) | about)
    return page(request, form, _("Change password"))
