"""Whom a member of staff may write to: people they reach, at the number these have; any other number by a permission."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from integrations.sms import phones
from integrations.sms.errors import NotAPhoneNumber, OutOfReach

TO_ANY_NUMBER = "sms.send_to_number"


def reached_by(user: Any) -> "QuerySet[Any]":
    """Those who can be written to by `user`, disabled people not."""
    people = get_user_model()._default_manager.filter(is_active=True)
    reach = getattr(user, "reach", None)
    return people.filter(reach.where()) if reach is not None else people.none()


def writes_to_any_number(user: Any) -> bool:
    """Tell whether `user` may write to numbers that nobody whom they reach has."""
    return bool(user.has_perm(TO_ANY_NUMBER))


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


def whose(number: str, *, by: Any) -> Any:
    """Return whom `by` writes to at this number: one of the people they reach, or nobody of the house as far as they know.

    :raises OutOfReach: when it is none of these people's and `by` may not write to any number.
    """
    person = with_numbers([number], by=by).get(number)
    if person is None and not writes_to_any_number(by):
        raise OutOfReach
    return person
