"""How departments change."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import StillInUse
from accounts.models import Department, User
from accounts.services import guards
from project.core import audit

FIELDS = frozenset({"name", "parent", "head", "position"})


@transaction.atomic
def create_department(*, by: User | None, **fields: Any) -> Department:
    """Add a department.

    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(fields, FIELDS)
    department = Department(**fields)
    department.full_clean()
    department.save()
    audit.record("department.created", department, actor=by)
    return department


@transaction.atomic
def update_department(*, by: User | None, department: Department, **changes: Any) -> Department:
    """Change or move a department.

    :raises ValidationError: naming the fields at fault; also when it would stand below itself.
    """
    guards.ensure_known(changes, FIELDS)
    # all of them, so that two moves cannot make a circle together
    rows = {row.pk: row for row in Department.objects.without_tree_fields().select_for_update().order_by("pk")}
    found: Department | None = rows.get(department.pk)
    if found is None:
        raise Department.DoesNotExist
    for name, value in changes.items():
        setattr(found, name, value)
    try:
        found.full_clean()
    except ValidationError as problem:
        raise ValidationError(_renamed(problem.message_dict)) from problem
    found.save()
    audit.record("department.changed", found, actor=by, fields=sorted(changes))
    return found


@transaction.atomic
def delete_department(*, by: User | None, department: Department) -> None:
    """Delete an empty department.

    :raises StillInUse: when people or departments belong to it.
    """
    count = department.people.count() + department.children.count()
    if count:
        raise StillInUse(name=department.name, count=count)
    audit.record("department.deleted", department, actor=by, name=department.name)
    department.delete()


def _renamed(wrong: dict[str, list[str]]) -> dict[str, list[str]]:
    """A circle is reported about no field in particular: it is the parent."""
    return {("parent" if name == "__all__" else name): said for name, said in wrong.items()}
