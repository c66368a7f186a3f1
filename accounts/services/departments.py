"""How departments change."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import tree
from accounts.errors import StillInUse, TreeHasChanged
from accounts.models import Department, User, below
from accounts.scope import covers
from accounts.services import guards
from project.core import audit
from project.core.errors import NoPermission

FIELDS = frozenset({"name", "parent", "head", "position"})
STEP = 10
"""Between the positions of neighbours, so that one can be put between them by hand."""
HIGHEST = 1_000_000


@transaction.atomic
def create_department(*, by: User | None, **fields: Any) -> Department:
    """Add a department, below one whose people `by` reaches: the last among its siblings, unless a position is named.

    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(fields, FIELDS)
    _ensure_reached(by, {"parent": None} | fields)
    department = Department(**fields)
    if "position" not in fields:
        department.position = _last_position(department)
    department.full_clean()
    department.save()
    audit.record("department.created", department, actor=by)
    return department


@transaction.atomic
def update_department(*, by: User | None, department: Department, **changes: Any) -> Department:
    """Change or move a department; below another parent it is the last, unless a position is named.

    `by` must reach its people, and in what is moved those of all departments below.

    :raises NoPermission: when `by` does not.
    :raises ValidationError: naming the fields at fault; also when it would stand below itself.
    """
    guards.ensure_known(changes, FIELDS)
    found = _found(_locked(), department) if "parent" in changes else _locked_alone(department)
    was_below = found.parent_id
    _ensure_may_change(by, found, changes)
    for name, value in changes.items():
        setattr(found, name, value)
    if found.parent_id != was_below and "position" not in changes:
        found.position = _last_position(found)
    _ensure_valid(found)
    found.save()
    audit.record("department.changed", found, actor=by, fields=sorted(changes))
    return found


@transaction.atomic
def move_department(
    *,
    by: User | None,
    department: Department,
    parent: Department | None,
    before: Department | None = None,
    after: Department | None = None,
    seen: str = "",
) -> Department:
    """Put a department below `parent` (None: at the top), beside one that stands there, or as the last.

    :param seen: the `tree.version` the mover looked at; "" when they looked at none.
    :raises NoPermission: when its people, or those of a department below it, are out of the reach of `by`.
    :raises TreeHasChanged: when the tree is not what they saw, or the one beside it does not stand there any more.
    :raises ValidationError: when it would stand below itself, or there is one of this name already.
    """
    rows = _locked()
    if seen and seen != tree.version(rows.values()):
        raise TreeHasChanged
    found = _found(rows, department)
    came_from, goes_to = found.parent, _found(rows, parent) if parent else None
    _ensure_may_change(by, found, {"parent": goes_to})
    found.parent = goes_to
    siblings = sorted(
        (row for row in rows.values() if row.parent_id == found.parent_id and row.pk != found.pk),
        key=lambda row: (row.position, row.name, row.pk),
    )
    siblings.insert(_place(siblings, before, after), found)
    _ensure_valid(found)
    _number(siblings, found)
    audit.record(
        "department.moved",
        found,
        actor=by,
        parent_before=str(came_from or ""),
        parent_after=str(found.parent or ""),
        place=siblings.index(found) + 1,
    )
    return found


@transaction.atomic
def delete_department(*, by: User | None, department: Department) -> None:
    """Delete an empty department.

    :raises NoPermission: unless `by` reaches its people.
    :raises StillInUse: when people or departments belong to it.
    """
    guards.ensure_keeps(by, department)
    count = department.people.count() + department.children.count()
    if count:
        raise StillInUse(name=department.name, count=count)
    audit.record("department.deleted", department, actor=by, name=department.name)
    department.delete()


def _locked() -> dict[int, Department]:
    """All departments by id, locked: two moves cannot make a circle together."""
    return {row.pk: row for row in Department.objects.without_tree_fields().select_for_update().order_by("pk")}


def _locked_alone(department: Department) -> Department:
    found: Department = Department.objects.without_tree_fields().select_for_update().get(pk=department.pk)
    return found


def _found(rows: dict[int, Department], department: Department) -> Department:
    if department.pk not in rows:
        raise Department.DoesNotExist
    return rows[department.pk]


def _ensure_valid(department: Department) -> None:
    try:
        department.full_clean()
    except ValidationError as problem:
        raise ValidationError(_renamed(problem.message_dict)) from problem


def _last_position(department: Department) -> int:
    siblings = Department.objects.without_tree_fields().filter(parent=department.parent_id).exclude(pk=department.pk)
    last = siblings.aggregate(last=Max("position"))["last"]
    return 0 if last is None else min(last + STEP, HIGHEST)


def _place(siblings: list[Department], before: Department | None, after: Department | None) -> int:
    beside = before or after
    if beside is None:
        return len(siblings)
    if beside not in siblings:
        raise TreeHasChanged
    return siblings.index(beside) + (0 if before else 1)


def _number(siblings: list[Department], moved: Department) -> None:
    """Write the order of `siblings` down; only who moved is a change worth telling of."""
    others = []
    for place, one in enumerate(siblings, start=1):
        if one.position != place * STEP:
            one.position = place * STEP
            others.append(one)
    moved.save()
    Department.objects.bulk_update([one for one in others if one is not moved], ["position"])


def _ensure_may_change(by: User | None, department: Department, changes: Mapping[str, Any]) -> None:
    guards.ensure_keeps(by, department)
    changed = {name: value for name, value in changes.items() if getattr(department, name) != value}
    _ensure_reached(by, changed)
    if by is not None and "parent" in changed and not by.reach.covers_departments(below([department.pk])):
        raise NoPermission(_("Departments below this one are out of your reach, so you cannot move it."))


def _ensure_reached(by: User | None, changes: Mapping[str, Any]) -> None:
    """Who moves departments, or makes them, must not come to reach more by it."""
    if by is None:
        return
    wrong: dict[str, str] = {}
    parent: Department | None = changes.get("parent")
    if "parent" in changes and not by.reach.covers_departments([parent.pk if parent else None]):
        wrong["parent"] = _("Choose a department whose people you reach.")
    head: User | None = changes.get("head")
    if head is not None and not covers(by, head):
        wrong["head"] = _("There is no such person here.")
    if wrong:
        raise ValidationError(wrong)


def _renamed(wrong: dict[str, list[str]]) -> dict[str, list[str]]:
    """A circle is reported about no field in particular: it is the parent."""
    return {("parent" if name == "__all__" else name): said for name, said in wrong.items()}
