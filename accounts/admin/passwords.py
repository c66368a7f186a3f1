"""Setting somebody's password, and one's own."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import HASH_SESSION_KEY, password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts import services, sign_in
from accounts.models import LoginSession, User
from accounts.signing_in_and_out import caller_of
from project.core.errors import GatehouseError


class PasswordForm(forms.Form):
    """A new password for somebody, twice."""

    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html(),
    )
    again = forms.CharField(
        label=gettext_lazy("New password, again"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def __init__(
        self, data: Any = None, *, subject: User, actor: Any, keep: LoginSession | None = None, caller: Any = None
    ) -> None:
        super().__init__(data)
        self.subject, self.actor, self.keep, self.caller = subject, actor, keep, caller
        self.ended = 0
        self.fields["new_password"].help_text = password_validation.password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        if data["new_password"] != data["again"]:
            raise ValidationError({"again": _("The two passwords are not the same.")})
        try:
            self.prove(data)
            self.ended = services.set_password(
                user=self.subject, password=data["new_password"], by=self.actor, keep=self.keep
            )
        except GatehouseError as problem:
            fields = {name: said for name, said in problem.fields.items() if name in self.fields}
            raise ValidationError(fields or str(problem)) from problem
        return data

    def prove(self, data: dict[str, Any]) -> None:
        """Staff with the permission need no further proof."""


class OwnPasswordForm(PasswordForm):
    """A new password of one's own: the present one proves who asks."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("old_password", "new_password", "again")

    def prove(self, data: dict[str, Any]) -> None:
        sign_in.confirm(self.subject, data["old_password"], self.caller)


def page(request: HttpRequest, form: forms.Form, title: str, opts: Any = None) -> TemplateResponse:
    """Answer with the form."""
    context = admin.site.each_context(request) | {"title": title, "form": form, "opts": opts}
    return TemplateResponse(request, "gatehouse/password.html", context)


def change_own(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session ends, this one stays."""
    here: LoginSession | None = getattr(request, "login_session", None)
    user: Any = request.user
    form = OwnPasswordForm(request.POST or None, subject=user, actor=user, keep=here, caller=caller_of(request))
    if request.method == "POST" and form.is_valid():
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        told = ngettext("%(n)d other session ended.", "%(n)d other sessions ended.", form.ended) % {"n": form.ended}
        messages.success(request, _("Your password is changed.") + " " + told)
        return redirect("dashboard:devices")
    return page(request, form, _("Change password"))
