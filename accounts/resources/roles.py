"""Roles as rows of a sheet, with what they permit and whom they reach as people read it."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Department, Role, User
from accounts.resources.cells import Departments, Permissions
from integrations.sheets import filters
from integrations.sheets.columns import Choice, Column, Flag, Whole
from integrations.sheets.rows import Checked
from integrations.sheets.served import ServedResource
from integrations.sheets.ties import Tie


class NameColumn(Column):
    """A role is called as its group is."""

    def value(self, instance: Role) -> str:
        return instance.group.name


class DepartmentsColumn(Column):
    """The departments a role reaches, where they are chosen."""

    def value(self, instance: Role) -> frozenset[int]:
        return frozenset(one.pk for one in instance.departments.all())


class PermissionsColumn(Column):
    """What a role permits."""

    def value(self, instance: Role) -> frozenset[int]:
        return frozenset(one.pk for one in instance.group.permissions.all())


class RoleResource(ServedResource):
    """Roles: nobody writes one that stands at or above them, or grants by it what they do not have."""

    title = _("roles")
    import_permissions = ("accounts.add_role", "accounts.change_role")
    export_permission = "accounts.view_role"
    needs_proof = True
    related = ("group",)
    prefetched = ("departments", "group__permissions")
    bookkeeping = ("group",)
    goes_along = ("accounts.Role_departments",)
    filter_readers = {
        "scope": ("scope", filters.one_of(Role.Scope)),
        "second_factor_required": ("second_factor_required", filters.flag),
    }
    search_fields = ("group__name", "key")

    key = Column(
        "key",
        _("key"),
        aliases=("标识", "角色标识", "编码", "role key"),
        required=True,
        width=18,
        note=_("Letters, digits, hyphens. Rows are matched by it: a key that is there already is changed, not added."),
        example="example-role",
    )
    name = NameColumn(
        "name",
        _("name"),
        aliases=("名称", "角色", "角色名称", "role"),
        required=True,
        width=20,
        example=_("Example role"),
    )
    rank = Column(
        "rank", _("rank"), aliases=("级别", "等级"), widget=Whole(), width=8, note=_("Below your own."), example="10"
    )
    scope = Column(
        "scope",
        _("people in reach"),
        aliases=("数据范围", "可见范围", "data scope"),
        widget=Choice(Role.Scope, aliases={}, empty=None),
        width=36,
        example=Role.Scope.SELF.label,
    )
    departments = DepartmentsColumn(
        "departments",
        _("departments in reach"),
        aliases=("可见部门", "数据范围部门"),
        widget=Departments(),
        many=True,
        width=36,
        note=_("Paths with semicolons between them, where they are chosen."),
    )
    permissions = PermissionsColumn(
        "permissions",
        _("permissions"),
        aliases=("权限",),
        widget=Permissions(),
        many=True,
        width=60,
        note=_("As they are called here, with semicolons between them. Only what you have yourself can be granted."),
    )
    second_factor_required = Column(
        "second_factor_required", _("second factor required"), aliases=("需要双重验证",), widget=Flag(), width=20
    )

    class Meta:
        model = Role
        fields = ("key", "name", "rank", "scope", "departments", "permissions", "second_factor_required")
        import_id_fields = ("key",)

    def queryset(self) -> QuerySet[Role]:
        return Role.objects.order_by("-rank", "key")

    def ties(self, keys: Collection[Any]) -> list[Tie]:
        held = User.objects.filter(groups__role__in=keys).values_list("groups__role", flat=True).distinct()
        people = str(User._meta.verbose_name_plural)
        return [*super().ties(keys), *(Tie(key, people) for key in held)]

    def create(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Role:
        return services.create_role(by=by, **_found(values))

    def update(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Role:
        return services.update_role(by=by, role=row.instance, **_found(values))

    def delete(self, by: Any, instance: Role) -> None:
        services.delete_role(by=by, role=instance)


def _found(values: Mapping[str, Any]) -> dict[str, Any]:
    """Rows instead of their keys."""
    found = dict(values)
    if "departments" in found:
        found["departments"] = list(Department.objects.without_tree_fields().filter(pk__in=found["departments"]))
    if "permissions" in found:
        wanted = Permission.objects.filter(pk__in=found["permissions"])
        found["permissions"] = list(wanted.select_related("content_type"))
    return found
