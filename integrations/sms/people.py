"""Whom a member of staff may write to: people they reach, at the number these have; others only who reaches everybody."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.sms import phones
from integrations.sms.phones import NotAPhoneNumber
from project.core.errors import InvalidParameters


def reached_by(user: Any) -> "QuerySet[Any]":
    """Those who can be written to by `user`, disabled people not."""
    people = get_user_model()._default_manager.filter(is_active=True)
    reach = getattr(user, "reach", None)
    return people.filter(reach.where()) if reach is not None else people.none()


def writes_to_strangers(user: Any) -> bool:
    """Tell whether `user` may write to numbers that nobody of the house has."""
    reach = getattr(user, "reach", None)
    return reach is not None and bool(reach.everybody)


def number_of(person: Any) -> str:
    """Return a person's number in E.164; "" where they have none that can be written to."""
    try:
        return phones.parse(phones.as_sent(person.phone)) if person.phone else ""
    except NotAPhoneNumber:
        return ""


def with_numbers(numbers: Iterable[str], *, by: Any) -> dict[str, Any]:
    """Return who of the people that `by` reaches has which of these numbers in E.164."""
    kept = {phones.as_kept(one): one for one in numbers}
    return {kept[one.phone]: one for one in reached_by(by).filter(phone__in=list(kept))}


def language_of(person: Any) -> str:
    """Return the language in which a person is written to."""
    return str(getattr(person, "language", "") or settings.LANGUAGE_CODE)


def ensure_may_write(number: str, person: Any, *, by: Any) -> None:
    """:raises InvalidParameters: when `by` may write to people they reach only, and this number is of none of them."""
    if person is None and not writes_to_strangers(by):
        raise InvalidParameters(fields={"phone": [out_of_reach()]})


def out_of_reach() -> str:
    """Say why a number is not written to; the same whether somebody else has it or nobody."""
    return _("None of the people you reach has this number.")
