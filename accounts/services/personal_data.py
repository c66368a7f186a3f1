"""What is written of a person: how it is spelled, and what is right."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from accounts import validators
from accounts.models import User

SPELLINGS: Mapping[str, Callable[[Any], Any]] = {
    "phone": lambda text: validators.phone.spelled(text or "") or None,
    "email": User.objects.normalize_email,
}


def spelled(changes: dict[str, Any]) -> dict[str, Any]:
    """Return `changes` as rows keep them: what is only written otherwise is no change."""
    return {name: SPELLINGS[name](value) if name in SPELLINGS else value for name, value in changes.items()}


def ensure_valid(user: User, password: str | None, *, named_by_staff: bool) -> None:
    """Look at a new person.

    :raises ValidationError: naming the fields at fault.
    """
    wrong: dict[str, list[str]] = {}
    try:
        # the hash is made afterwards, when everything else is right
        user.full_clean(exclude=["password"])
    except ValidationError as problem:
        wrong |= problem.message_dict
    if named_by_staff:
        _collect(wrong, "username", partial(validators.username, user.username))
    if not wrong:
        _collect(wrong, "username", partial(_ensure_free_name, user))
    if password is not None:
        _collect(wrong, "password", partial(password_validation.validate_password, password, user))
    if wrong:
        raise ValidationError(wrong)


def ensure_good_name(user: User, *, named_by_staff: bool) -> None:
    """Look at a user name.

    :raises ValidationError: when it has not the form that staff give names, or is somebody else's.
    """
    wrong: dict[str, list[str]] = {}
    if named_by_staff:
        _collect(wrong, "username", partial(validators.username, user.username))
    _collect(wrong, "username", partial(_ensure_free_name, user))
    if wrong:
        raise ValidationError(wrong)


def _ensure_free_name(user: User) -> None:
    """Also where only the case differs: nobody should pass for somebody else."""
    if User.objects.get_queryset().filter(username__iexact=user.username).exclude(pk=user.pk).exists():
        raise ValidationError(User._meta.get_field("username").error_messages["unique"])


def _collect(wrong: dict[str, list[str]], field: str, check: Any) -> None:
    try:
        check()
    except ValidationError as problem:
        wrong.setdefault(field, []).extend(problem.messages)
