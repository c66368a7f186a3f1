"""One change to many people: each by itself, so that what one of them forbids does not keep it from the others."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.models import User
from accounts.services import people
from project.core import audit
from project.core.errors import GatehouseError, InvalidParameters, NotFound


class Action(models.TextChoices):
    """What can be done to many at once."""

    GIVE_ROLE = "give_role"
    TAKE_ROLE = "take_role"
    MOVE = "move"
    SET_MANAGER = "set_manager"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    REQUIRE_PASSWORD = "require_password"  # noqa: S105 (no password)


NEEDS: Mapping[str, str] = {
    Action.GIVE_ROLE: "role",
    Action.TAKE_ROLE: "role",
    Action.MOVE: "department",
    Action.SET_MANAGER: "manager",
}
"""What must be said besides whom."""


class Done(NamedTuple):
    """What became of one person: `problem` says why they were left alone."""

    person: User
    changed: bool
    problem: GatehouseError | None = None


def change_many(*, by: User | None, chosen: Iterable[User], action: str, reason: str = "", **given: Any) -> list[Done]:
    """Carry `action` out on each of `chosen`, and return what became of each; nobody's failure undoes another's change.

    :param given: `role`, `department` or `manager`, as the action needs.
    """
    done = [_one(by, person, action, given) for person in chosen]
    changed = [one.person.username for one in done if one.changed]
    if changed:
        left = sum(one.problem is not None for one in done)
        said: dict[str, Any] = {name: str(value or "") for name, value in given.items()}
        audit.record(f"users.{action}", actor=by, reason=reason, people=changed, left_alone=left, **said)
    return done


def _one(by: User | None, person: User, action: str, given: Mapping[str, Any]) -> Done:
    try:
        with transaction.atomic():
            return Done(person, CHANGES[action](by, person, **given))
    except ValidationError as problem:
        fields = problem.message_dict if hasattr(problem, "error_dict") else {}
        return Done(person, changed=False, problem=InvalidParameters(" ".join(problem.messages), fields=fields))
    except User.DoesNotExist:
        return Done(person, changed=False, problem=NotFound())
    except GatehouseError as problem:
        return Done(person, changed=False, problem=problem)


def _give(by: User | None, person: User, *, role: Any) -> bool:
    person = people.locked(person)
    if role in person.roles:
        return False
    people.set_roles(by=by, user=person, roles=[*person.roles, role])
    return True


def _take(by: User | None, person: User, *, role: Any) -> bool:
    person = people.locked(person)
    if role not in person.roles:
        return False
    people.set_roles(by=by, user=person, roles=[one for one in person.roles if one != role])
    return True


def _set(field: str) -> Callable[..., bool]:
    def write(by: User | None, person: User, **given: Any) -> bool:
        if getattr(person, field) == given[field]:
            return False
        people.update_user(by=by, user=person, **given)
        return True

    return write


def _activate(by: User | None, person: User) -> bool:
    if person.is_active:
        return False
    people.activate_user(user=person, by=by)
    return True


def _deactivate(by: User | None, person: User) -> bool:
    if not person.is_active:
        return False
    people.deactivate_user(user=person, by=by)
    return True


def _require_password(by: User | None, person: User) -> bool:
    if person.must_change_password:
        return False
    people.update_user(by=by, user=person, must_change_password=True)
    return True


CHANGES: Mapping[str, Callable[..., bool]] = {
    Action.GIVE_ROLE: _give,
    Action.TAKE_ROLE: _take,
    Action.MOVE: _set("department"),
    Action.SET_MANAGER: _set("manager"),
    Action.ACTIVATE: _activate,
    Action.DEACTIVATE: _deactivate,
    Action.REQUIRE_PASSWORD: _require_password,
}
