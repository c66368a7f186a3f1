"""Before something dangerous the back office asks again who is there, then goes on with what was asked."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts import phone_codes, second_factor, step_up
from accounts.admin.forms import acting, said
from accounts.errors import NotWhileActing
from accounts.impersonation.middleware import refusal
from accounts.models import LoginSession
from accounts.signing_in_and_out import caller_of
from integrations.sms.phones import masked
from project.core.admin import ServiceAdmin
from project.core.errors import GatehouseError

M = TypeVar("M", bound=Model)

PREFIX = "proof"
SEND = f"{PREFIX}-send"
"""The button that has a code sent."""
OURS = ("csrfmiddlewaretoken", SEND, *(f"{PREFIX}-{one}" for one in ("password", "code", "sms_code", "then")))

View = Callable[..., HttpResponse]


class ProofForm(forms.Form):
    """The password, or a code of the app or by text message."""

    code = forms.CharField(
        label=gettext_lazy("Code of your app"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    sms_code = forms.CharField(
        label=gettext_lazy("Code by text message"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        max_length=128,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, session: LoginSession) -> None:
        is_answer = f"{PREFIX}-password" in request.POST
        super().__init__(request.POST if is_answer else None, prefix=PREFIX)
        self.request, self.session = request, session
        person = acting(request)
        self.phone = masked(phone_codes.own_phone(person)) if person.has_verified_phone else ""
        self.is_sent = SEND in request.POST
        if not second_factor.state_of(person).enabled:
            del self.fields["code"]
        if not self.is_sent and not self.data.get(f"{PREFIX}-sms_code"):
            del self.fields["sms_code"]
        fields = list(self.fields.values())
        if len(fields) > 1:
            self.fields["password"].label = _("Or your password")
        fields[0].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        if self.is_sent:
            return self._send()
        given = {name: self.cleaned_data.get(name) or "" for name in ("password", "code", "sms_code")}
        if not any(given.values()):
            raise forms.ValidationError(_("Give your password or a code."))
        try:
            step_up.confirm(self.session, acting(self.request), caller_of(self.request), **given)
        except GatehouseError as problem:
            raise forms.ValidationError(said(problem)) from problem
        return given

    def _send(self) -> dict[str, Any]:
        """Have a code sent to the person's own phone; the form is not finished with that."""
        person, caller = acting(self.request), caller_of(self.request)
        try:
            number = phone_codes.own_phone(person)
            phone_codes.ask(number, phone_codes.Purpose.CONFIRM, caller._replace(mark=self.session.sid), person=person)
        except GatehouseError as problem:
            self.is_sent = False
            raise forms.ValidationError(said(problem)) from problem
        return {}


def ask(request: HttpRequest) -> HttpResponse | None:
    """Return None when the person has proved themselves of late, or does so now; else the page that asks.

    The page sends what was asked for along, so that nothing has to be filled in twice; chosen files have to be chosen again.
    """
    session: LoginSession | None = getattr(request, "login_session", None)
    if session is None:
        raise PermissionDenied
    if session.subject_id is not None:
        return refusal(request, NotWhileActing())
    if step_up.is_recent(session):
        return None
    form = ProofForm(request, session)
    if form.is_bound and form.is_valid() and not form.is_sent:
        return redirect(request.get_full_path()) if request.POST.get(f"{PREFIX}-then") == "get" else None
    sent = [(name, value) for name, values in request.POST.lists() if name not in OURS for value in values]
    then = request.POST.get(f"{PREFIX}-then") or ("get" if request.method == "GET" else "post")
    page = admin.site.each_context(request) | {
        "title": _("Is it you?"),
        "form": form,
        "sent": sent,
        "then": (f"{PREFIX}-then", then),
        "files": bool(request.FILES),
    }
    return TemplateResponse(request, "gatehouse/step_up.html", page)


def recent_sign_in(view: View) -> View:
    """Decorate a view of the back office that only people who have proved themselves of late may use."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask(request) or view(request, *args, **kwargs)

    return asked


class RecentSignInAdmin(ServiceAdmin[M]):
    """A page whose forms may hold something dangerous."""

    def is_dangerous(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether what is posted about `obj` (None: a new row; nothing posted: deleting it) needs a recent sign-in."""
        raise NotImplementedError

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        asked = self._asked(request, object_id)
        return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return self._asked(request, object_id) or super().delete_view(request, object_id, extra_context)

    def _asked(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        if request.method != "POST":
            return None
        obj = self.get_object(request, object_id) if object_id else None
        return ask(request) if self.is_dangerous(request, obj) else None
