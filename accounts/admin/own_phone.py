"""“Phone”: binding a number to one's own account with a code, and taking it away."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import devices, phone_codes, services
from accounts.admin import step_up
from accounts.admin.forms import acting, said
from accounts.phone_codes import Purpose
from accounts.signing_in_and_out import caller_of
from integrations.sms.phones import LONGEST
from project.core.errors import GatehouseError


class OwnNumberForm(forms.Form):
    """Which number."""

    phone = forms.CharField(label=gettext_lazy("Mobile number"), max_length=LONGEST)


def show(request: HttpRequest) -> HttpResponse:
    """Show one's number, and take the steps to another."""
    if request.method == "POST":
        return _change(request)
    return _page(request, OwnNumberForm(initial={"phone": acting(request).phone or ""}))


@step_up.recent_sign_in
def _change(request: HttpRequest) -> HttpResponse:
    person, caller = acting(request), caller_of(request)._replace(mark=devices.mark_of(request))
    if request.POST.get("do") == "remove":
        services.unbind_phone(user=person)
        messages.success(request, _("Your phone number was removed."))
        return redirect("dashboard:phone")
    form = OwnNumberForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    number, is_waiting = form.cleaned_data["phone"], request.POST.get("do") == "bind"
    try:
        if not is_waiting:
            phone_codes.ask(number, Purpose.BIND, caller, person=person)
            return _page(request, form, waiting=number)
        phone = phone_codes.check(person, number, Purpose.BIND, request.POST.get("code", "").strip(), caller)
        services.bind_phone(user=person, phone=phone)
    except (GatehouseError, ValidationError) as problem:
        for text in said(problem):
            form.add_error(None, text)
        return _page(request, form, waiting=number if is_waiting else "")
    messages.success(request, _("This number is yours now: codes by text message go to it."))
    return redirect("dashboard:safety")


def _page(request: HttpRequest, form: OwnNumberForm, waiting: str = "") -> TemplateResponse:
    page: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Phone"),
        "person": acting(request),
        "form": form,
        "waiting": waiting,
        "minutes": settings.SMS_CODE_SECONDS // 60,
    }
    return TemplateResponse(request, "gatehouse/phone.html", page)
