"""Who is it? For the API, the back office and sockets."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, SessionAuthentication


class TokenAuthentication(BaseAuthentication):
    pass


class AdminSessionAuthentication(SessionAuthentication):
    pass


class AdminSessionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


async def TicketCredential(credentials: Any) -> Any:  # noqa: N802
    return None


async def BearerCredential(credentials: Any) -> Any:  # noqa: N802
    return None


async def CookieCredential(credentials: Any) -> Any:  # noqa: N802
    return None


async def ended_sessions(session_ids: list[str]) -> dict[str, int]:
    return {}
