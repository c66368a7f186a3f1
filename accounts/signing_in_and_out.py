"""Whoever signs in to the back office gets a login session; whoever signs out ends it. Django says when, by its signals."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import devices, sessions, sign_in
from accounts.authentication import SID_KEY
from accounts.models import LoginSession, User

SCOPE = LoginSession.Scope.ADMIN
INSTEAD_KEY = "instead_of_oldest"
"""Where a browser's session keeps, until it is signed in, that the person would rather sign out of another device."""


def caller_of(request: HttpRequest | None) -> sign_in.Caller:
    """Where a sign-in to the back office comes from."""
    meta = request.META if request else {}
    return sign_in.Caller(
        scope=SCOPE,
        ip=str(meta.get("REMOTE_ADDR") or ""),
        user_agent=str(meta.get("HTTP_USER_AGENT", "")),
        method=getattr(request, "sign_in_method", sign_in.Method.PASSWORD),
    )


@receiver(user_logged_in)
def open_session(sender: object, request: HttpRequest, user: User, **_rest: Any) -> None:
    """Bind the browser's session to a new login session."""
    if not request.session.session_key:
        request.session.create()
    caller = caller_of(request)._replace(mark=devices.mark_of(request))
    session = sign_in.open_session(
        user,
        caller,
        kind=LoginSession.Kind.DJANGO,
        device=devices.name_of(caller.user_agent),
        django_key=request.session.session_key or "",
        instead_of=sessions.OLDEST if request.session.pop(INSTEAD_KEY, False) else "",
    )
    sign_in.succeeded(user, session, caller)
    request.session[SID_KEY] = session.sid


@receiver(user_logged_out)
def end_session(sender: object, request: HttpRequest, user: User | None, **_rest: Any) -> None:
    """End the login session of the browser that signs out, and no other."""
    sid = request.session.get(SID_KEY)
    session = LoginSession.objects.filter(sid=sid).first() if sid else None
    if session is not None:
        sessions.end(session, reason=LoginSession.Reason.LOGOUT)
