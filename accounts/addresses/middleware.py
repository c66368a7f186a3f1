"""Refuses, in the back office, whom the address rules keep out: signed in already or about to."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts import addresses
from accounts.errors import AddressRefused
from project.core import context
from project.core.api import bad_request


class AddressRulesMiddleware:
    """Comes after the middleware that knows the browser's login session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, "login_session", None) is not None:
            try:
                addresses.ensure_allowed(addresses.Place.ADMIN, context.get_ip())
            except AddressRefused as refused:
                return bad_request(request, refused)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a sign-in that was refused."""
        return bad_request(request, exception) if isinstance(exception, AddressRefused) else None
