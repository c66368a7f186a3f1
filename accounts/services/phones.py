"""How people come to a phone number that they have shown to be theirs."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import alarms
from accounts.models import User
from accounts.services import guards
from accounts.services.people import PROOF_OF_PHONE, locked
from accounts.sessions.ending import lock
from integrations.sms import phones
from project.core import audit


def bind_phone(*, user: User, phone: str) -> User:
    """Give a person the number that a code has just shown to be theirs. They are told, and so is who only claimed it.

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
        _take_away(person, by=user)
    return person


@transaction.atomic
def _bind(user: User, kept: str) -> User:
    claims = User.objects.filter(phone=kept, phone_claimed=kept).exclude(pk=user.pk)
    rows = {one.pk: one for one in lock({user.pk, *claims.values_list("pk", flat=True)})}
    person = rows.pop(user.pk)
    for other in rows.values():
        # who has shown that it is theirs comes before who only said so
        if other.phone == other.phone_claimed == kept:
            _take_away(other, by=user)
    before, person.phone = person.phone, kept
    person.phone_claimed, person.phone_verified, person.phone_verified_at = "", kept, timezone.now()
    others = {field.name for field in User._meta.get_fields()} - {"phone"}
    person.full_clean(exclude=others)
    person.save(update_fields=["phone", *PROOF_OF_PHONE])
    audit.record("user.phone_bound", person, actor=user)
    if before != kept:
        alarms.phone_changed(person)
    return person


def _take_away(person: User, *, by: User) -> None:
    person.phone, person.phone_claimed, person.phone_verified, person.phone_verified_at = None, "", "", None
    person.save(update_fields=["phone", *PROOF_OF_PHONE])
    audit.record("user.phone_removed", person, actor=by)
    alarms.phone_changed(person)
