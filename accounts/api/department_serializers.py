"""Departments as JSON."""

from rest_framework import serializers

from accounts import tree
from accounts.api.fields import PersonInReach, StrictModelSerializer
from accounts.models import Department, User


class DepartmentSerializer(StrictModelSerializer):
    """A department. `parent` null: at the top."""

    parent = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]  # not the serializer above this one
        queryset=Department.objects.without_tree_fields(), allow_null=True, required=False
    )
    head = PersonInReach(queryset=User.objects.none(), allow_null=True, required=False)
    head_name = serializers.CharField(source="head.get_full_name", read_only=True, default=None, allow_null=True)
    people = serializers.SerializerMethodField(help_text="How many of those you may see belong to it.")
    people_total = serializers.SerializerMethodField(help_text="The same, with all departments below it.")
    depth = serializers.IntegerField(source="tree_depth", read_only=True, default=0, help_text="0 at the top.")

    class Meta:
        model = Department
        fields = (
            "id",
            "name",
            "parent",
            "head",
            "head_name",
            "position",
            "depth",
            "people",
            "people_total",
            "created_at",
        )
        read_only_fields = ("id", "created_at")
        # DRF would ask for `parent` to compare names; the service compares them, at the top too
        validators = ()

    def get_people(self, department: Department) -> int:
        return self._counted(department).own

    def get_people_total(self, department: Department) -> int:
        return self._counted(department).all

    def _counted(self, department: Department) -> tree.Counted:
        counted: dict[int, tree.Counted] = self.context.get("counted", {})
        return counted.get(department.pk, tree.NOBODY)
