"""Who asks, once the permissions have refused those who may not."""

from typing import cast

from rest_framework.request import Request

from accounts.models import LoginSession, User


def person(request: Request) -> User:
    """The person behind the call."""
    return cast("User", request.user)


def session(request: Request) -> LoginSession:
    """The login session behind the call."""
    return cast("LoginSession", request.auth)
