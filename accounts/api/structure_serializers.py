"""What is done with people and departments, as JSON."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.fields import Flag, PersonInReach, Text
from accounts.api.user_serializers import UserSerializer
from accounts.models import Department, Role, User
from accounts.services.bulk import NEEDS, Action
from project.core.api import StrictSerializer


class MoveSerializer(StrictSerializer):
    """Where a department is to stand. Name one that is to stand beside it, or the parent, or both."""

    parent = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]  # not the serializer above this one
        queryset=Department.objects.without_tree_fields(),
        allow_null=True,
        required=False,
        help_text="null: at the top. Alone: as the last below it.",
    )
    before = serializers.PrimaryKeyRelatedField(queryset=Department.objects.without_tree_fields(), required=False)
    after = serializers.PrimaryKeyRelatedField(queryset=Department.objects.without_tree_fields(), required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "before" in given and "after" in given:
            raise serializers.ValidationError({"after": _("Name one of the two: before or after.")})
        beside = given.get("before") or given.get("after")
        if beside is None and "parent" not in given:
            raise serializers.ValidationError({"parent": _("Say where to: parent, before or after.")})
        return {"parent": beside.parent if beside else None} | given


class BulkSerializer(StrictSerializer):
    """One change to many people."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=200
    )
    action = serializers.ChoiceField(Action.choices)
    role = serializers.SlugRelatedField(
        slug_field="key", queryset=Role.objects.all(), required=False, help_text="For `give_role` and `take_role`."
    )
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.without_tree_fields(),
        allow_null=True,
        required=False,
        help_text="For `move`; null: none.",
    )
    manager = PersonInReach(
        queryset=User.objects.none(), allow_null=True, required=False, help_text="For `set_manager`; null: none."
    )
    reason = Text(required=False, allow_blank=True, default="", max_length=200, help_text="For the audit trail.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        needed = NEEDS.get(given["action"])
        if needed and needed not in given:
            raise serializers.ValidationError({needed: _("This action needs it.")})
        if extra := sorted({"role", "department", "manager"} & given.keys() - {needed}):
            raise serializers.ValidationError({name: _("This action does not take it.") for name in extra})
        return given


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one person."""

    id = serializers.IntegerField()
    outcome = serializers.ChoiceField([("changed", "changed"), ("unchanged", "unchanged"), ("refused", "refused")])
    code = serializers.CharField(required=False, help_text="Of the error, where refused.")
    message = serializers.CharField(required=False, help_text="Why, where refused.")


class BulkOutcomesSerializer(serializers.Serializer[Any]):
    """What became of all."""

    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="Were so already.")
    refused = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)


class BelongingSerializer(serializers.Serializer[Any]):
    """Things of one kind that a person owns."""

    key = serializers.CharField()
    title = serializers.CharField(help_text="In the language of Accept-Language.")
    becomes = serializers.CharField(help_text="What happens to them when the person leaves.")
    number = serializers.IntegerField()


class HandedSerializer(serializers.Serializer[Any]):
    """What became of the things of one kind."""

    key = serializers.CharField()
    title = serializers.CharField()
    done = serializers.IntegerField(help_text="Handed over, or ended.")
    left_alone = serializers.IntegerField(help_text="Not yours to change: they still name the leaver.")


class LeftSerializer(serializers.Serializer[Any]):
    """Somebody who has left."""

    user = UserSerializer()
    handed_over = HandedSerializer(many=True)


class LeaveSerializer(StrictSerializer):
    """Somebody is to leave."""

    successor = PersonInReach(
        queryset=User.objects.none(), allow_null=True, required=False, default=None, help_text="Who takes over."
    )
    reason = Text(required=False, allow_blank=True, default="", max_length=200, help_text="For the audit trail.")
    anonymise = Flag(required=False, default=False, help_text="Forget who they were at once, for good: needs a reason.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["anonymise"] and not given["reason"].strip():
            raise serializers.ValidationError({"reason": _("Say why: this cannot be taken back.")})
        return given


class AnonymiseSerializer(StrictSerializer):
    """Somebody is to be forgotten."""

    reason = Text(max_length=200, help_text="For the audit trail.")
