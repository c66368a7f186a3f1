"""The second step of signing in to the back office, and "Sign-in safety": one's own second factor."""

from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import login as enter
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import errors, second_factor, second_step
from accounts.admin import step_up
from accounts.admin.devices import own_sid
from accounts.admin.forms import acting
from accounts.models import SecondFactor
from accounts.signing_in_and_out import INSTEAD_KEY, caller_of
from project.core.admin import ago
from project.core.errors import GatehouseError

COOKIE = "second_step"
"""Holds the challenge between the two pages; nobody is signed in yet."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
CODE_FIELD = "code"
TOO_MANY = "sign_out_oldest"
"""After a refusal the page offers a box of this name."""

# --- signing in -------------------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Django's own page; who gave the right password and needs a second factor goes on to the next one."""
    if request.method == "POST":
        _remember_choice(request)
    try:
        return admin.site.login(request, extra_context={"too_many": TOO_MANY in request.GET})
    except errors.TooManyDevices as refusal:
        return _refused(request, refusal)
    except errors.SecondFactorRequired as needed:
        answer = redirect(_with_next("dashboard:second_step", request))
        lifetime = needed.extra["expires_in"]
        options: Any = {"max_age": lifetime, "path": reverse("dashboard:second_step"), "httponly": True}
        answer.set_cookie(COOKIE, needed.extra["challenge"], secure=request.is_secure(), samesite="Lax", **options)
        return answer


@login_not_required
@never_cache
@sensitive_post_parameters(CODE_FIELD)
def second_step_page(request: HttpRequest) -> HttpResponse:
    """Ask for a code, or set up the app that shows them, and sign in."""
    caller = caller_of(request)
    token = request.COOKIES.get(COOKIE, "")
    held = second_factor.open_challenge(token, scope=caller.scope, user_agent=caller.user_agent)
    problem = ""
    if held is not None and request.method == "POST":
        try:
            proven = second_step.prove(challenge=token, code=request.POST.get(CODE_FIELD, ""), caller=caller)
        except errors.ChallengeOver:
            held = None
        except (errors.WrongCode, errors.Locked) as refusal:
            problem = str(refusal)
            held = second_factor.open_challenge(token, scope=caller.scope, user_agent=caller.user_agent)
        else:
            return _let_in(request, proven)
    if held is None:
        messages.error(request, str(errors.ChallengeOver()))
        answer: HttpResponse = redirect(_with_next("admin:login", request))
        answer.delete_cookie(COOKIE, path=reverse("dashboard:second_step"))
        return answer
    enrolment = None
    if not second_factor.state_of(held.user).enabled:
        enrolment = _drawn(second_factor.begin(held.user, begun_for=held.token_hash))
    page = {"problem": problem, "enrolment": enrolment, "next": _next(request)}
    return TemplateResponse(request, "gatehouse/second_step.html", admin.site.each_context(request) | page)


def _let_in(request: HttpRequest, proven: second_step.Proven) -> HttpResponse:
    try:
        enter(request, proven.user, backend=BACKEND)
    except errors.TooManyDevices as refusal:
        return _refused(request, refusal)
    goal = _next(request)
    if proven.recovery_codes:
        answer: HttpResponse = _codes_page(request, proven.recovery_codes, goal)
    else:
        answer = redirect(goal)
    answer.delete_cookie(COOKIE, path=reverse("dashboard:second_step"))
    return answer


def _remember_choice(request: HttpRequest) -> None:
    """Keep, over a second step, that the person would rather sign out of the oldest device."""
    if request.POST.get(TOO_MANY):
        request.session[INSTEAD_KEY] = True
    elif INSTEAD_KEY in request.session:
        del request.session[INSTEAD_KEY]


def _refused(request: HttpRequest, refusal: errors.TooManyDevices) -> HttpResponse:
    # Django had let them in already when their session was refused
    request.session.flush()
    request.user = AnonymousUser()
    messages.error(request, str(refusal))
    return redirect(f"{_with_next('admin:login', request)}&{TOO_MANY}=1")


def _next(request: HttpRequest) -> str:
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=hosts, require_https=request.is_secure())
    return asked if is_ours else reverse("admin:index")


def _with_next(page: str, request: HttpRequest) -> str:
    return f"{reverse(page)}?{urlencode({REDIRECT_FIELD_NAME: _next(request)})}"


# --- sign-in safety ---------------------------------------------------------------------------------------------------


def safety(request: HttpRequest) -> HttpResponse:
    """Show one's second factor; set one up, replace the recovery codes, remove it."""
    if request.method == "POST":
        return _change(request)
    return _safety_page(request)


@step_up.recent_sign_in
def _change(request: HttpRequest) -> HttpResponse:
    person = acting(request)
    try:
        match request.POST.get("do"):
            case "begin":
                return _safety_page(request, second_factor.begin(person, begun_for=own_sid()))
            case "confirm":
                return _confirm(request)
            case "codes":
                return _codes_page(request, tuple(second_factor.new_recovery_codes(person)), _own_page())
            case "remove":
                second_factor.remove(person, by=person)
                messages.success(request, _("Your second factor is removed: the password alone lets you in."))
    except GatehouseError as problem:
        messages.error(request, str(problem))
    return redirect(_own_page())


def _confirm(request: HttpRequest) -> HttpResponse:
    person, sid = acting(request), own_sid()
    try:
        made = second_step.enrol(person, request.POST.get(CODE_FIELD, ""), caller_of(request), begun_for=sid)
    except errors.WrongCode as problem:
        return _safety_page(request, second_factor.begin(person, begun_for=sid), str(problem))
    messages.success(request, _("From now on a code is asked for when you sign in."))
    return _codes_page(request, made, _own_page())


def _safety_page(request: HttpRequest, begun: SecondFactor | None = None, problem: str = "") -> TemplateResponse:
    state = second_factor.state_of(acting(request))
    page = admin.site.each_context(request) | {
        "title": _("Sign-in safety"),
        "state": state,
        "since": ago(state.since),
        "enrolment": _drawn(begun) if begun else None,
        "problem": problem,
    }
    return TemplateResponse(request, "gatehouse/sign_in_safety.html", page)


def _codes_page(request: HttpRequest, made: tuple[str, ...], goal: str) -> TemplateResponse:
    page = {"title": _("Your recovery codes"), "codes": made, "text": "\n".join(made), "goal": goal}
    answer = TemplateResponse(request, "gatehouse/recovery_codes.html", admin.site.each_context(request) | page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _own_page() -> str:
    return reverse("dashboard:safety")


def _drawn(begun: SecondFactor) -> dict[str, Any]:
    """Return what is shown to set up an app: a QR code, and the secret in groups of four to type."""
    shown = second_factor.to_show(begun)
    looks: Any = {"border": 3, "light": "#fff", "dark": "#0f172a", "omitsize": True}
    drawing = segno.make(shown["otpauth_uri"], error="m").svg_inline(**looks)
    secret = shown["secret"]
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"qr": SafeString(drawing), "secret": secret, "groups": groups}
