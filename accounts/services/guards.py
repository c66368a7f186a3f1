"""What nobody may do to whom, however they ask."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import LastAdministrator, NotAbove, NotForMachines, NotWhileActing
from accounts.models import Department, Machine, Reach, User
from accounts.scope import covers, outranks
from project.core.errors import NoPermission, NotFound

POWERS = ("is_superuser", "is_staff")
"""What makes administrators: given and taken by superusers only."""


def ensure_above(by: User | None, subject: User) -> None:
    """Nobody acts on people who are out of their reach, or as high as they are.

    :raises NotFound: when `subject` is out of the reach of `by`: for them there is no such person.
    :raises NotAbove: unless `by` stands above `subject`.
    """
    if by is not None and not covers(by, subject):
        raise NotFound
    if by is not None and not outranks(by, subject):
        raise NotAbove


def is_machine(by: User | None) -> bool:
    """Does a token act, not the person themselves?"""
    return isinstance(by, Machine)


def ensure_person(by: User | None) -> None:
    """Do they act themselves?

    :raises NotForMachines: when a token acts.
    :raises NotWhileActing: when somebody else acts as them.
    """
    if is_machine(by):
        raise NotForMachines
    if by is not None and by.impersonator is not None:
        raise NotWhileActing


def ensure_may_rank(by: User | None, *ranks: int) -> None:
    """:raises NotAbove: unless `by` stands above all `ranks`, those of roles to give, take or change."""
    if by is not None and not by.is_superuser and any(rank >= by.rank for rank in ranks):
        raise NotAbove


def ensure_has(by: User | None, permissions: Iterable[Permission]) -> None:
    """Nobody hands out what they do not have.

    :raises NoPermission: naming what is missing.
    """
    if by is None or by.is_superuser:
        return
    names = (f"{one.content_type.app_label}.{one.codename}" for one in permissions)
    if missing := sorted(name for name in names if not by.has_perm(name)):
        raise NoPermission(_("You cannot grant what you do not have: {names}").format(names=", ".join(missing)))


def ensure_may_reach(by: User | None, reach: Reach, *, besides: Reach | None = None) -> None:
    """Nobody lets others reach whom they do not reach themselves; `besides` is what those reach already.

    :raises NoPermission: when `by` would.
    """
    if by is not None and not by.reach.includes(reach, besides=besides):
        raise NoPermission(_("You cannot let anybody reach people whom you do not reach yourself."))


def ensure_place(by: User | None, changes: Mapping[str, Any]) -> None:
    """People are put only where `by` reaches them, and below a manager whom `by` reaches.

    :raises ValidationError: naming the fields at fault.
    """
    if by is None:
        return
    wrong: dict[str, str] = {}
    department: Department | None = changes.get("department")
    if "department" in changes and not by.reach.covers_departments([department.pk if department else None]):
        wrong["department"] = _("Choose a department whose people you reach.")
    manager: User | None = changes.get("manager")
    if manager is not None and not covers(by, manager):
        wrong["manager"] = _("There is no such person here.")
    if wrong:
        raise ValidationError(wrong)


def ensure_keeps(by: User | None, department: Department) -> None:
    """:raises NoPermission: unless all people of `department` are in the reach of `by`."""
    if by is not None and not by.reach.covers_departments([department.pk]):
        raise NoPermission(_("The people of this department are out of your reach, so you cannot change it."))


def ensure_no_powers(by: User | None, changes: Mapping[str, Any], user: User | None = None) -> None:
    """:raises NoPermission: when somebody who is no superuser would make or unmake an administrator."""
    if by is None or by.is_superuser:
        return
    changed = [name for name in POWERS if name in changes and changes[name] != getattr(user, name, False)]
    if changed:
        raise NoPermission(_("Only a superuser may give or take this."))


def lock_administrators() -> list[User]:
    """Lock the rows of those who can administer, so that two cannot remove each other.

    Do it before locking anything else: all lock in one order then, and nobody waits for who waits for them.
    """
    return list(User.objects.active().filter(is_superuser=True).order_by("pk").select_for_update())


def ensure_not_last_administrator(user: User) -> None:
    """Call it while the administrators are locked.

    :raises LastAdministrator: when nobody else could administer.
    """
    if {one.pk for one in lock_administrators()} == {user.pk}:
        raise LastAdministrator


def ensure_known(changes: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """:raises ValidationError: for names that are not `allowed`."""
    if unknown := set(changes) - allowed:
        raise ValidationError({name: _("There is no such field.") for name in sorted(unknown)})
