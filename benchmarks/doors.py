"""Small answers behind each kind of authentication, beside the product's own addresses; with `?count` they tell how many queries it took."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.urls import include, path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken

from accounts import services, sessions, tokens
from accounts.authentication import TokenAuthentication


class Door(APIView):
    """Answers who came in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "count" not in request.GET:
            return super().dispatch(request, *args, **kwargs)
        seen: list[str] = []

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            answer = super().dispatch(request, *args, **kwargs)
        answer["X-Queries"] = str(len(seen))
        return answer

    def get(self, request: Request) -> Response:
        return Response({"who": request.user.pk})


def door(name: str, *kinds: Any) -> Any:
    """A door for who shows one of `kinds`; without any, for everybody."""
    allowed = (IsAuthenticated if kinds else AllowAny,)
    return path(f"doors/{name}", Door.as_view(authentication_classes=kinds, permission_classes=allowed))


urlpatterns = [
    door("anonymous"),
    door("ours", TokenAuthentication),
    door("simplejwt", JWTAuthentication),
    door("session", SessionAuthentication),
    path("", include("project.urls")),
]


def keys_to_them(kind: str) -> dict[str, dict[str, str]]:
    """Make somebody, and the headers each door wants of them."""
    user = services.create_user(by=None, username="bench", password="Bench1word")
    if kind == "session":
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        return {"anonymous": {}, "session": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={store.session_key}"}}
    ours = tokens.access(sessions.open(user=user, scope="api"))
    stock = AccessToken.for_user(user)
    return {
        "anonymous": {},
        "ours": {"Authorization": f"Bearer {ours}"},
        "simplejwt": {"Authorization": f"Bearer {stock}"},
    }
