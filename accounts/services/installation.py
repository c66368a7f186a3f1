"""What a new installation needs before anybody can sign in."""

import secrets

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.models import User
from project.core import audit

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike: a first password is read from a terminal."""


@transaction.atomic
def ensure_first_administrator() -> tuple[User, str | None]:
    """Return an administrator and, if one had to be made with a password of ours, that password.

    Nothing happens when there is a superuser already. Several nodes may call it at once: one makes the account.
    """
    # a row that exists in every migrated database: the lock all nodes share
    ContentType.objects.select_for_update().get_or_create(app_label="accounts", model="user")
    existing = User.objects.get_queryset().filter(is_superuser=True).order_by("pk").first()
    if existing is not None:
        return existing, None
    wanted = settings.FIRST_ADMINISTRATOR
    generated = None if wanted["password"] else _generated()
    user = User.objects.get_queryset().filter(username=wanted["username"]).first() or User(username=wanted["username"])
    user.email = wanted["email"] or user.email
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(wanted["password"] or generated)
    user.save()
    audit.record("user.first_administrator", user)
    return user, generated


def _generated() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
