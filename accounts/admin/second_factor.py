"""The second step of signing in to the back office, and "Sign-in safety": one's own second factor."""

from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth import login as enter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import errors, phone_codes, second_factor, second_step
from accounts.admin import step_up
from accounts.admin.devices import own_sid
from accounts.admin.entering import (
    BACKEND,
    COOKIE,
    TOO_MANY,
    next_of,
    on_to_second_step,
    refused,
    remember_choice,
    with_next,
)
from accounts.admin.forms import acting
from accounts.models import SecondFactor
from accounts.signing_in_and_out import caller_of
from project.core.admin import ago
from project.core.errors import GatehouseError

CODE_FIELD = "code"

# --- signing in -------------------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Django's own page; who gave the right password and needs a second factor goes on to the next one."""
    if request.method == "POST":
        remember_choice(request)
    try:
        shown = {"too_many": TOO_MANY in request.GET, "by_sms": phone_codes.is_offered()}
        return admin.site.login(request, extra_context=shown)
    except errors.TooManyDevices as refusal:
        return refused(request, refusal)
    except errors.SecondFactorRequired as needed:
        return on_to_second_step(request, needed)


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
        answer: HttpResponse = redirect(with_next("admin:login", request))
        answer.delete_cookie(COOKIE, path=reverse("dashboard:second_step"))
        return answer
    enrolment = None
    if not second_factor.state_of(held.user).enabled:
        enrolment = _drawn(second_factor.begin(held.user, begun_for=held.token_hash))
    page = {"problem": problem, "enrolment": enrolment, "next": next_of(request)}
    return TemplateResponse(request, "gatehouse/second_step.html", admin.site.each_context(request) | page)


def _let_in(request: HttpRequest, proven: second_step.Proven) -> HttpResponse:
    request.sign_in_method = proven.method  # type: ignore[attr-defined]  # ours
    try:
        enter(request, proven.user, backend=BACKEND)
    except errors.TooManyDevices as refusal:
        return refused(request, refusal)
    goal = next_of(request)
    if proven.recovery_codes:
        answer: HttpResponse = _codes_page(request, proven.recovery_codes, goal)
    else:
        answer = redirect(goal)
    answer.delete_cookie(COOKIE, path=reverse("dashboard:second_step"))
    return answer


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
        "person": acting(request),
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
