"""Who must choose a new password before anything else: staff asked for it, or the present one is too old."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import errors
from accounts.models import LoginSession, User

ALWAYS = frozenset({("POST", "auth-password"), ("GET", "auth-me"), ("POST", "auth-logout")})
"""What the API answers all the same, by the names of paths: to know why, to change it, or to leave."""


def is_due_for(person: User) -> bool:
    """Must this person choose a new password first?"""
    if person.must_change_password:
        return True
    most = settings.PASSWORD_MAX_AGE_DAYS
    since = person.password_changed_at or person.date_joined
    return bool(most) and timezone.now() - since > timedelta(days=most)


def is_due(session: LoginSession) -> bool:
    """Must whoever is signed in here choose a new password first? Not while they act as somebody else: that ends soon."""
    return session.subject_id is None and is_due_for(session.user)


def ensure_not_due(session: LoginSession, request: HttpRequest) -> None:
    """:raises PasswordDue: unless this call is one that everybody may make."""
    found = request.resolver_match
    method = "GET" if request.method == "HEAD" else request.method
    if (method, found.url_name if found else "") not in ALWAYS and is_due(session):
        raise errors.PasswordDue
