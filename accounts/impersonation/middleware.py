"""Acting as somebody else in the back office: what is refused, and that nobody mistakes who they are."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts import errors
from accounts.impersonation.rules import SAFE, ensure_may_ask, is_way_out
from project.core import context
from project.core.api import bad_request
from project.core.errors import NoPermission

SUBJECT_KEY = "acts_as"
"""Where a browser's session keeps as whom its pages were shown last."""


class ImpersonationMiddleware:
    """Comes after those that know the browser's login session and its messages.

    A page that was shown while one was somebody else never does its work in one's own name, nor the other way round: its
    form is refused, and the next page says who one is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        session = getattr(request, "login_session", None)
        if session is None or is_way_out(request):
            return None
        user: Any = request.user
        changed = request.session.get(SUBJECT_KEY, 0) != (user.pk if user.impersonator else 0)
        if changed and not _is_glance(request):
            return _say_who(request, user)
        try:
            ensure_may_ask(request, session, user)
        except errors.NotWhileActing as refused:
            return refusal(request, refused)
        return None


def remember(request: HttpRequest, subject_id: int) -> None:
    """Note as whom this browser's next pages are shown (0: oneself), and void the forms of those before."""
    request.session[SUBJECT_KEY] = subject_id
    rotate_token(request)


def refusal(request: HttpRequest, refused: NoPermission) -> HttpResponse:
    """Answer what is not for who acts as somebody else: with the envelope, or a page that still shows as whom they act."""
    if context.get_module() == "api":
        return bad_request(request, refused)
    page = admin.site.each_context(request) | {"title": _("Not while you act as somebody else"), "refused": refused}
    return TemplateResponse(request, "gatehouse/not_while_acting.html", page, status=refused.status)


def _is_glance(request: HttpRequest) -> bool:
    """Does a page look something up by itself, not a person open a page?"""
    return request.method in SAFE and request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def _say_who(request: HttpRequest, user: Any) -> HttpResponse:
    over: errors.ActsNoMore | None = getattr(request, "acts_no_more", None)
    remember(request, user.pk if user.impersonator else 0)
    if context.get_module() == "api":
        return bad_request(request, over or errors.NotWhileActing(_who_now(user)))
    messages.warning(request, str(over) if over else _who_now(user))
    return redirect("admin:index")


def _who_now(user: Any) -> str:
    if user.impersonator:
        return _("You act as {name} now; nothing was done.").format(name=user)
    return _("You are yourself again; nothing was done.")
