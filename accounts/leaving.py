"""What becomes of what a leaver looked after among people: reports, departments, machines."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Department, User
from accounts.services import machines
from accounts.services.people import may_touch
from project.core import audit, leaving
from project.core.leaving import Handed


def register() -> None:
    """Called once, when the app starts."""
    leaving.owns(
        "reports",
        title=_("People they manage"),
        becomes=_("The successor becomes their manager; without one, whoever manages the leaver."),
        rows=_reports,
        hand_over=_hand_reports_over,
    )
    leaving.owns(
        "departments",
        title=_("Departments they head"),
        becomes=_("The successor becomes head; without one, there is none."),
        rows=_headed,
        hand_over=_hand_departments_over,
    )
    leaving.owns(
        "tokens",
        title=_("API tokens of their machines"),
        becomes=_("They are revoked and their sockets close: a successor makes tokens of their own."),
        rows=_tokens,
        hand_over=_revoke_tokens,
    )


def _reports(person: User) -> QuerySet[User]:
    return User.objects.get_queryset().filter(manager=person).order_by("pk")


def _headed(person: User) -> QuerySet[Department]:
    found: QuerySet[Department] = Department.objects.without_tree_fields().filter(head=person).order_by("pk")
    return found


def _tokens(person: User) -> QuerySet[ApiToken]:
    found: QuerySet[ApiToken] = ApiToken.objects.live().filter(owner=person)
    return found


def _hand_reports_over(person: User, successor: User | None, by: User | None) -> Handed:
    reports = list(_reports(person))
    mine = reports if by is None else may_touch(by, reports)
    above = _managers_of(successor)
    for one in mine:
        # the successor's own line goes to who stands above the leaver: nobody is their own manager
        one.manager = person.manager if successor is None or one.pk in above else successor
        one.save(update_fields=["manager"])
    return Handed(len(mine), len(reports) - len(mine))


def _managers_of(successor: User | None) -> set[int]:
    """The successor and all who stand above them."""
    found: set[int] = set()
    while successor is not None and successor.pk not in found:
        found.add(successor.pk)
        successor = successor.manager
    return found


def _hand_departments_over(person: User, successor: User | None, by: User | None) -> Handed:
    headed = list(_headed(person).select_for_update())
    mine = [one for one in headed if by is None or by.has_perm("accounts.change_department", one)]
    for one in mine:
        one.head = successor
        one.save(update_fields=["head"])
        audit.record("department.changed", one, actor=by, fields=["head"])
    return Handed(len(mine), len(headed) - len(mine))


def _revoke_tokens(person: User, _successor: Any, by: User | None) -> Handed:
    # whatever `by` may do to tokens: those of a disabled person are dead, and must not wake up with them
    return Handed(sum(machines.revoke(one, by=by) for one in _tokens(person)))
