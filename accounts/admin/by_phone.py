"""At the back office's door with a phone: a code by text message signs in, or leads to a new password.

Two steps on one page: which number, then the code that came to it. What the page says is the same for every number.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import captcha, devices, errors, phone_codes, sms_sign_in
from accounts.admin import forgotten
from accounts.admin.entering import BACKEND, TOO_MANY, next_of, on_to_second_step, refused, remember_choice, with_next
from accounts.admin.forms import said
from accounts.passwords import by_phone
from accounts.phone_codes import Purpose
from accounts.sign_in import Method, ask_for_second_factor
from accounts.signing_in_and_out import caller_of
from integrations.sms.phones import LONGEST
from project.core.errors import GatehouseError

KEPT = "sms_phone"
"""Where a browser's session keeps the number between the two steps."""


class Way(NamedTuple):
    """What a code is for, and what follows when it is right."""

    purpose: str
    page: str
    enter: Callable[[HttpRequest, str, str], HttpResponse]


class NumberForm(forms.Form):
    """Where a code is to go."""

    phone = forms.CharField(label=gettext_lazy("Mobile number"), max_length=LONGEST)

    def __init__(self, request: HttpRequest, purpose: str, given: Any = None) -> None:
        super().__init__(given)
        self.caller, self.purpose = caller_of(request)._replace(mark=devices.mark_of(request)), purpose

    @cached_property
    def challenge(self) -> dict[str, Any] | None:
        """The captcha to solve with the next request, None when none is due."""
        number = phone_codes.as_asked(str(self.data.get("phone", "")))
        level = phone_codes.captcha_level(number, self.caller.ip)
        return None if level is None else captcha.challenge(captcha.Purpose.SMS, number, level=level)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                phone_codes.ask(data["phone"], self.purpose, self.caller, solution=str(self.data.get("captcha", "")))
            except errors.CaptchaRequired as problem:
                raise forms.ValidationError(_("One more check is needed, which this page now makes.")) from problem
            except errors.AddressRefused:
                raise
            except GatehouseError as problem:
                raise forms.ValidationError(said(problem)) from problem
        return data


@login_not_required
@never_cache
@sensitive_post_parameters("code")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let staff sign in with a code in place of the password."""
    if request.method == "POST" and request.POST.get("do") == "ask":
        remember_choice(request)
    return _steps(request, Way(Purpose.LOGIN, "dashboard:sms_sign_in", _enter))


@login_not_required
@never_cache
@sensitive_post_parameters("code")
def reset(request: HttpRequest) -> HttpResponse:
    """Lead whoever has their phone at hand to the page where they choose a password."""
    return _steps(request, Way(Purpose.RESET, "dashboard:forgotten_by_sms", _choose))


def _steps(request: HttpRequest, way: Way) -> HttpResponse:
    if not settings.SMS_SIGN_IN:
        raise Http404
    if request.method == "POST" and request.POST.get("do") == "enter":
        return _second(request, way)
    form = NumberForm(request, way.purpose, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        request.session[KEPT] = form.cleaned_data["phone"]
        return redirect(f"{with_next(way.page, request)}&sent=1")
    if not form.is_bound and "sent" in request.GET and KEPT in request.session:
        return _page(request, way, phone=request.session[KEPT])
    return _page(request, way, form=form)


def _second(request: HttpRequest, way: Way) -> HttpResponse:
    phone = str(request.session.get(KEPT, ""))
    if not phone:  # another browser's page, or one of long ago
        return redirect(with_next(way.page, request))
    try:
        return way.enter(request, phone, request.POST.get("code", "").strip()[:LONGEST])
    except errors.AddressRefused:
        raise
    except GatehouseError as problem:
        return _page(request, way, phone=phone, problem=said(problem)[0])


def _enter(request: HttpRequest, phone: str, code: str) -> HttpResponse:
    request.sign_in_method = Method.SMS  # type: ignore[attr-defined]  # ours
    caller = caller_of(request)
    person = sms_sign_in.authenticate(phone=phone, code=code, caller=caller, staff_only=True)
    request.session.pop(KEPT, None)
    try:
        ask_for_second_factor(person, caller)
        login(request, person, backend=BACKEND)
    except errors.SecondFactorRequired as needed:
        return on_to_second_step(request, needed)
    except errors.TooManyDevices as refusal:
        return refused(request, refusal, "dashboard:sms_sign_in")
    return redirect(next_of(request))


def _choose(request: HttpRequest, phone: str, code: str) -> HttpResponse:
    token, _link = by_phone.link_for(phone=phone, code=code, caller=caller_of(request))
    request.session.pop(KEPT, None)
    return forgotten.moved(token, secure=request.is_secure())


def _page(request: HttpRequest, way: Way, **about: Any) -> TemplateResponse:
    context = admin.site.each_context(request) | {
        "purpose": str(way.purpose),
        "here": reverse(way.page),
        "next": next_of(request),
        "too_many": TOO_MANY in request.GET,
        "minutes": settings.SMS_CODE_SECONDS // 60,
        **about,
    }
    return TemplateResponse(request, "gatehouse/by_phone.html", context)
