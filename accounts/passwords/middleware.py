"""Leads whoever must choose a new password to the page where they do, wherever in the back office they wanted to go."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import errors
from accounts.passwords.due import is_due
from project.core import context
from project.core.api import bad_request
from project.core.middleware import QUIET_PATHS

ALWAYS = (
    "admin:password_change",
    "admin:logout",
    "admin:login",
    "set_language",
    "javascript-catalog",
    "dashboard:away",
    "dashboard:away_script",
    "dashboard:new_password",
)
"""What answers all the same. Files that belong to every page are served before anybody is asked."""


@cache
def _always() -> frozenset[str]:
    return frozenset(map(reverse, ALWAYS)) | QUIET_PATHS


class PasswordDueMiddleware:
    """Comes after the middleware that knows the browser's login session. The API answers for itself (20010)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Answer with the way to the page, or not at all."""
        session = getattr(request, "login_session", None)
        if session is None or context.get_module() == "api" or request.path_info in _always() or not is_due(session):
            return None
        if request.method not in {"GET", "HEAD"} or request.headers.get("Accept", "").startswith("application/json"):
            return bad_request(request, errors.PasswordDue())
        return redirect(f"{reverse('admin:password_change')}?{urlencode({'next': request.get_full_path()})}")
