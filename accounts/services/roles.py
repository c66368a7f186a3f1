"""How roles change."""

from collections.abc import Iterable
from functools import partial

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import standing
from accounts.errors import StillInUse
from accounts.models import Department, Role, User, reach_through
from accounts.services import guards
from project.core import audit


@transaction.atomic
def create_role(
    *,
    by: User | None,
    key: str,
    name: str,
    rank: int = 0,
    permissions: Iterable[Permission] = (),
    second_factor_required: bool = False,
    scope: str = Role.Scope.ALL,
    departments: Iterable[Department] = (),
) -> Role:
    """Add a role with its group.

    :param departments: whose people are in reach, where `scope` says that they are chosen.
    :raises NotAbove: unless `by` stands above `rank`.
    :raises NoPermission: when `by` would grant what they do not have, or let people reach whom they do not reach.
    :raises ValidationError: naming the fields at fault.
    """
    permissions = list(permissions)
    guards.ensure_may_rank(by, rank)
    guards.ensure_has(by, permissions)
    _ensure_free(name)
    group = Group(name=name)
    group.full_clean()
    group.save()
    role = Role(group=group, key=key, rank=rank, second_factor_required=second_factor_required, scope=scope)
    role.full_clean()
    role.save()
    chosen = _set_departments(role, departments)
    _ensure_within(role, by)
    group.permissions.set(permissions)
    audit.record(
        "role.created",
        role,
        actor=by,
        key=key,
        rank=rank,
        permissions=_names(permissions),
        scope=role.scope,
        departments=chosen,
    )
    return role


@transaction.atomic
def update_role(
    *,
    by: User | None,
    role: Role,
    key: str | None = None,
    name: str | None = None,
    rank: int | None = None,
    permissions: Iterable[Permission] | None = None,
    second_factor_required: bool | None = None,
    scope: str | None = None,
    departments: Iterable[Department] | None = None,
) -> Role:
    """Change a role; what its people may do, and whom they reach, changes with their next call.

    :raises NotAbove: unless `by` stands above the role as it is and as it would be.
    :raises NoPermission: when `by` would grant what they do not have, or let people reach whom they do not reach.
    :raises ValidationError: naming the fields at fault.
    """
    role = Role.objects.select_for_update().select_related("group").get(pk=role.pk)
    guards.ensure_may_rank(by, role.rank, role.rank if rank is None else rank)
    name_before = role.group.name
    if name is not None and name != role.group.name:
        _ensure_free(name)
        role.group.name = name
        role.group.full_clean()
        role.group.save()
    role.key = role.key if key is None else key
    role.rank = role.rank if rank is None else rank
    if second_factor_required is not None:
        role.second_factor_required = second_factor_required
    if scope is not None or departments is not None:
        _set_scope(role, scope, departments, by)
    role.full_clean()
    role.save()
    if permissions is not None:
        _grant(role, list(permissions), by)
    people = User.objects.get_queryset().filter(groups=role.group)
    people.update(perm_epoch=F("perm_epoch") + 1)
    transaction.on_commit(partial(standing.forget_people, list(people.values_list("pk", flat=True))))
    renamed = {"name_before": name_before, "name_after": role.group.name} if name_before != role.group.name else {}
    audit.record("role.changed", role, actor=by, key=role.key, rank=role.rank, **renamed)
    return role


@transaction.atomic
def delete_role(*, by: User | None, role: Role) -> None:
    """Delete a role that nobody has.

    :raises NotAbove: unless `by` stands above it.
    :raises StillInUse: when people have it.
    """
    guards.ensure_may_rank(by, role.rank)
    count = User.objects.get_queryset().filter(groups=role.group).count()
    if count:
        raise StillInUse(name=str(role), count=count)
    audit.record("role.deleted", role, actor=by, key=role.key)
    role.group.delete()


def _set_scope(role: Role, scope: str | None, departments: Iterable[Department] | None, by: User | None) -> None:
    was = (role.scope, _paths(role))
    role.scope = role.scope if scope is None else scope
    role.clean_fields(exclude=["group"])
    chosen = _set_departments(role, list(role.departments.all()) if departments is None else departments)
    if (role.scope, chosen) == was:
        return
    _ensure_within(role, by)
    audit.record("role.scope_changed", role, actor=by, scope=role.scope, departments=chosen, before=list(was))


def _ensure_within(role: Role, by: User | None) -> None:
    """Nobody gives a role, or the people who have it, more people than they reach themselves."""
    guards.ensure_may_reach(by, reach_through(role, None))
    if by is None or by.reach.everybody:
        return
    for department in User.objects.filter(groups=role.group).order_by().values_list("department", flat=True).distinct():
        guards.ensure_may_reach(by, reach_through(role, department))


def _set_departments(role: Role, departments: Iterable[Department]) -> list[str]:
    """Keep the chosen departments, which mean something only where the scope says so; return their names."""
    wanted = list(departments) if role.scope == Role.Scope.CHOSEN else []
    if role.scope == Role.Scope.CHOSEN and not wanted:
        raise ValidationError({"departments": _("Choose at least one department.")})
    role.departments.set(wanted)
    return _paths(role)


def _paths(role: Role) -> list[str]:
    return sorted(f"{one.name} ({one.pk})" for one in role.departments.without_tree_fields())


def _grant(role: Role, permissions: list[Permission], by: User | None) -> None:
    present = set(role.group.permissions.all())
    if more := set(permissions) - present:
        guards.ensure_has(by, more)
        # its people may it to all whom they reach, not only to those whom `by` does
        _ensure_within(role, by)
    if set(permissions) == present:
        return
    role.group.permissions.set(permissions)
    audit.record(
        "role.permissions_changed",
        role,
        actor=by,
        permissions=_names(permissions),
        added=_names(set(permissions) - present),
        taken=_names(present - set(permissions)),
    )


def _ensure_free(name: str) -> None:
    if Group.objects.filter(name=name).exists():
        raise ValidationError({"name": _("There is already a role of this name.")})


def _names(permissions: Iterable[Permission]) -> list[str]:
    return sorted(f"{one.content_type.app_label}.{one.codename}" for one in permissions)
