"""How people come to a phone number that they have shown to be theirs."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import alarms
from accounts.models import User
from accounts.services import guards
from accounts.services.people import locked
from integrations.sms import phones
from project.core import audit


def bind_phone(*, user: User, phone: str) -> User:
    """Give a person the number that a code has just shown to be theirs. They are told.

    :param phone: in E.164.
    :raises ValidationError: when it is somebody else's already, or no number people may have here.
    :raises NotForMachines, NotWhileActing: when it is not they who act.
    """
    guards.ensure_person(user)
    try:
        return _bind(user, phones.as_kept(phone))
    except IntegrityError as problem:  # somebody else was faster
        taken = User._meta.get_field("phone").error_messages["unique"]
        raise ValidationError({"phone": [str(taken)]}) from problem


@transaction.atomic
def unbind_phone(*, user: User) -> User:
    """Take a person's number away; no code lets them in any more. They are told.

    :raises NotForMachines, NotWhileActing: when it is not they who act.
    """
    guards.ensure_person(user)
    person = locked(user)
    if person.phone:
        person.phone, person.phone_claimed, person.phone_verified, person.phone_verified_at = None, "", "", None
        person.save(update_fields=["phone", "phone_claimed", "phone_verified", "phone_verified_at"])
        audit.record("user.phone_removed", person, actor=user)
        _tell(person)
    return person


def _bind(user: User, kept: str) -> User:
    with transaction.atomic():
        person = locked(user)
        before, person.phone = person.phone, kept
        person.phone_claimed, person.phone_verified, person.phone_verified_at = "", kept, timezone.now()
        others = {field.name for field in User._meta.get_fields()} - {"phone"}
        person.full_clean(exclude=others)
        person.save(update_fields=["phone", "phone_claimed", "phone_verified", "phone_verified_at"])
        audit.record("user.phone_bound", person, actor=user)
        if before != kept:
            _tell(person)
    return person


def _tell(person: User) -> None:
    """By mail and on their open pages: whoever changes this may sign in by it."""
    phone = person.phone or ""
    values = {"phone": phones.masked(phone) if phone else "", "happened_at": timezone.now()}
    with translation.override(person.language or settings.LANGUAGE_CODE):
        text = _("Another phone number was bound to your account.") if phone else _("Your phone number was removed.")
    alarms.tell(person, "phone_changed", values, {"kind": "phone_changed", "text": text})
