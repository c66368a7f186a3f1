"""What the pages at the back office's door have in common: where they lead, and what happens between their steps."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts import errors
from accounts.signing_in_and_out import INSTEAD_KEY

COOKIE = "second_step"
"""Holds the challenge between the two steps; nobody is signed in yet."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
TOO_MANY = "sign_out_oldest"
"""After a refusal the page offers a box of this name."""


def remember_choice(request: HttpRequest) -> None:
    """Keep, over a second step, that the person would rather sign out of the oldest device."""
    if request.POST.get(TOO_MANY):
        request.session[INSTEAD_KEY] = True
    elif INSTEAD_KEY in request.session:
        del request.session[INSTEAD_KEY]


def on_to_second_step(request: HttpRequest, needed: errors.SecondFactorRequired) -> HttpResponse:
    """Lead who has taken the first step to the page that asks for the second factor."""
    answer = redirect(with_next("dashboard:second_step", request))
    lifetime = needed.extra["expires_in"]
    options: Any = {"max_age": lifetime, "path": reverse("dashboard:second_step"), "httponly": True}
    answer.set_cookie(COOKIE, needed.extra["challenge"], secure=request.is_secure(), samesite="Lax", **options)
    return answer


def refused(request: HttpRequest, refusal: errors.TooManyDevices, page: str = "admin:login") -> HttpResponse:
    """Lead who is signed in with too many devices back to `page`, which offers to sign out of one."""
    # Django had let them in already when their session was refused
    request.session.flush()
    request.user = AnonymousUser()
    messages.error(request, str(refusal))
    return redirect(f"{with_next(page, request)}&{TOO_MANY}=1")


def next_of(request: HttpRequest) -> str:
    """Where the person wanted to go; never another host."""
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=hosts, require_https=request.is_secure())
    return asked if is_ours else reverse("admin:index")


def with_next(page: str, request: HttpRequest) -> str:
    """The address of `page`, which will lead there."""
    return f"{reverse(page)}?{urlencode({REDIRECT_FIELD_NAME: next_of(request)})}"
