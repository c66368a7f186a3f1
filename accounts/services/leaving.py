"""How people leave, and how what is known of them is forgotten."""

from functools import partial
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import anonymising, scope, standing
from accounts.errors import AlreadyAnonymised, NotYourself, StillActive
from accounts.models import User
from accounts.services import guards, people
from project.core import audit, leaving
from project.core.leaving import Belonging, Handed


class Left(NamedTuple):
    """Somebody has left, and this became of what they owned."""

    person: User
    handed: list[tuple[Belonging, Handed]]


@transaction.atomic
def leave(
    *, by: User | None, user: User, successor: User | None = None, reason: str = "", anonymise: bool = False
) -> Left:
    """Let a person leave: lock them out everywhere at once, and hand over what they own.

    Roles and the account stay, so that `activate_user` brings back who returns; what was handed over stays where it is.

    :param anonymise: forget who they were, for good.
    :raises NotAbove: unless `by` stands above them.
    :raises NotYourself: when `by` would leave by their own hand.
    :raises LastAdministrator: when nobody could administer any more.
    :raises ValidationError: when the successor is not somebody who is here and stays.
    :raises AlreadyAnonymised: when there is nobody left to leave.
    """
    _ensure_other(by, user)
    guards.lock_administrators()
    person = _locked_with_all_concerned(user, successor)
    guards.ensure_above(by, person)
    if person.anonymised_at is not None:
        raise AlreadyAnonymised
    _ensure_stays(by, person, successor)
    if person.is_active:
        people.deactivate_user(user=person, by=by)
    handed = [(kind, kind.hand_over(person, successor, by)) for kind in leaving.belongings()]
    User.objects.filter(pk=person.pk).update(left_at=timezone.now())
    audit.record(
        "user.left",
        person,
        actor=by,
        reason=reason,
        successor=successor.pk if successor else None,
        handed_over={kind.key: result.done for kind, result in handed if result.done},
        left_alone={kind.key: result.left for kind, result in handed if result.left},
    )
    person.refresh_from_db()
    if anonymise:
        person = anonymise_user(by=by, user=person, reason=reason)
    return Left(person, handed)


@transaction.atomic
def anonymise_user(*, by: User | None, user: User, reason: str) -> User:
    """Forget who a leaver was, for good: what they did stays written down, under a number.

    :raises NotForMachines: when a token acts.
    :raises NotAbove: unless `by` stands above them.
    :raises StillActive: when they have not left.
    :raises AlreadyAnonymised: when it was done before.
    """
    guards.ensure_person(by)
    _ensure_other(by, user)
    person = people.locked(user)
    guards.ensure_above(by, person)
    if person.is_active:
        raise StillActive
    if person.anonymised_at is not None:
        raise AlreadyAnonymised
    anonymising.forget(person)
    audit.record("user.anonymised", person, actor=by, reason=reason)
    transaction.on_commit(partial(standing.forget_people, [person.pk]))
    return person


def _ensure_other(by: User | None, user: User) -> None:
    if by is not None and by.pk == user.pk:
        raise NotYourself


def _locked_with_all_concerned(user: User, successor: User | None) -> User:
    """The leaver's row, locked with all others that will be written or pointed at, in the order all lock people in.

    The two by their keys first: of who leaves to each other at once one waits before anything else is locked.
    """
    pair = [user.pk, *([successor.pk] if successor else [])]
    list(User.objects.get_queryset().filter(pk__in=pair).order_by("pk").select_for_update().values_list("pk"))
    concerned = Q(pk=user.pk) | Q(manager=user.pk) | (Q(pk=successor.pk) if successor else Q())
    rows = User.objects.get_queryset().filter(concerned).order_by("pk").select_for_update()
    found = {row.pk: row for row in rows}
    if user.pk not in found:
        raise User.DoesNotExist
    return found[user.pk]


def _ensure_stays(by: User | None, person: User, successor: User | None) -> None:
    if successor is None:
        return
    here = User.objects.get_queryset() if by is None else scope.people(by)
    if successor.pk == person.pk or not here.active().filter(pk=successor.pk).exists():
        raise ValidationError({"successor": _("The successor must be somebody else who is active.")})
