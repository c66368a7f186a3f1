"""For who forgot their password, at the back office's door: asking for a link, and choosing a password with it."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import captcha, errors, phone_codes, services
from accounts.admin.passwords import NewPasswordForm
from accounts.models import User
from accounts.passwords import asked, links
from accounts.signing_in_and_out import caller_of
from project.core.errors import TooManyRequests

COOKIE = "new_password"
"""Holds the link's secret while its page is open: in the address it would be seen by whoever looks at the screen or the history."""
COOKIE_SECONDS = 3600
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")


class ForgottenForm(forms.Form):
    """Who they are."""

    username = forms.CharField(label=gettext_lazy("User name or mail address"), max_length=254)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        self.caller = caller_of(request)

    @cached_property
    def challenge(self) -> dict[str, Any] | None:
        """The captcha to solve with the next request, None when none is due."""
        level = asked.captcha_level(self.caller.ip)
        if level is None:
            return None
        return captcha.challenge(captcha.Purpose.PASSWORD_RESET, str(self.data.get("username", "")), level=level)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                asked.ask(data["username"], self.caller, str(self.data.get("captcha", "")))
            except errors.CaptchaRequired as problem:
                raise forms.ValidationError(_("One more check is needed, which this page now makes.")) from problem
            except TooManyRequests as problem:
                raise forms.ValidationError(str(problem)) from problem
        return data


class LinkForm(NewPasswordForm):
    """A new password of who followed a link."""

    def __init__(self, data: Any, token: str) -> None:
        super().__init__(data)
        self.token = token
        self.person: User | None = None

    def carry_out(self, data: dict[str, Any]) -> None:
        self.person = services.choose_password(token=self.token, password=data["new_password"])


@login_not_required
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask who it is; then say the same to everybody."""
    form = ForgottenForm(request)
    if form.is_bound and form.is_valid():
        return redirect(reverse("dashboard:forgotten") + "?sent=1")
    minutes = int(links.GOOD_FOR[links.Purpose.RESET].total_seconds()) // 60
    return _page(
        request, "forgotten", form=form, sent="sent" in request.GET, minutes=minutes, by_sms=phone_codes.is_offered()
    )


@login_not_required
@never_cache
@sensitive_post_parameters()
def choose(request: HttpRequest) -> HttpResponse:
    """Let whoever came by a link choose a password."""
    if "token" in request.GET:
        return moved(request.GET["token"], secure=request.is_secure())
    token = request.COOKIES.get(COOKIE, "")
    link = links.open_link(token)
    form = LinkForm(request.POST if request.method == "POST" else None, token)
    if link is not None and form.is_bound and form.is_valid():
        answer: HttpResponse = _page(request, "password_chosen", person=form.person)
        answer.delete_cookie(COOKIE, path=reverse("dashboard:new_password"))
        return answer
    if link is None or links.open_link(token) is None:
        return _page(request, "link_over", status=errors.LinkOver.status, problem=errors.LinkOver.message)
    return _page(request, "new_password", form=form, person=link.user, purpose=link.purpose)


def moved(token: str, *, secure: bool) -> HttpResponse:
    """Take the secret out of the address: what the page loads or links to is not told, and no history keeps it."""
    answer = redirect("dashboard:new_password")
    options: Any = {"max_age": COOKIE_SECONDS, "path": reverse("dashboard:new_password"), "httponly": True}
    kept = token if TOKEN.fullmatch(token) else ""
    answer.set_cookie(COOKIE, kept, secure=secure, samesite="Lax", **options)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(request: HttpRequest, name: str, *, status: int = 200, **about: Any) -> TemplateResponse:
    context = admin.site.each_context(request) | about
    return TemplateResponse(request, f"gatehouse/{name}.html", context, status=status)
