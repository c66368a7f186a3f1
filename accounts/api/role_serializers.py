"""Roles as JSON."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.fields import StrictModelSerializer, Text
from accounts.models import Department, Role


class PermissionNames(serializers.ListField):
    """Permissions as `app.codename`."""

    child = Text(max_length=200)

    def to_internal_value(self, data: Any) -> list[Permission]:
        names = set(super().to_internal_value(data))
        named = Permission.objects.annotate(full=Concat("content_type__app_label", Value("."), "codename"))
        found: list[Any] = list(named.filter(full__in=names).select_related("content_type"))
        unknown = names - {one.full for one in found}
        if unknown:
            raise serializers.ValidationError(
                _("There is no permission called {name}.").format(name=", ".join(sorted(unknown)[:10]))
            )
        return found

    def to_representation(self, data: Any) -> list[str]:
        return sorted(f"{one.content_type.app_label}.{one.codename}" for one in data.all())


class RoleSerializer(StrictModelSerializer):
    """A role: who has it may do what it names to people and roles of lower rank."""

    name = Text(source="group.name", max_length=150)
    permissions = PermissionNames(source="group.permissions", required=False)
    scope = serializers.ChoiceField(
        Role.Scope.choices, required=False, help_text="Whom its holders reach. The most anybody's roles give counts."
    )
    departments = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.without_tree_fields(),
        many=True,
        required=False,
        help_text="With all below them; only for the scope `chosen`.",
    )
    people = serializers.IntegerField(
        source="people_count", read_only=True, default=0, help_text="How many in your own scope have it."
    )

    class Meta:
        model = Role
        fields = (
            "id",
            "key",
            "name",
            "rank",
            "permissions",
            "scope",
            "departments",
            "second_factor_required",
            "people",
        )
        read_only_fields = ("id",)
