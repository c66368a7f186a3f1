"""Address rules, for staff."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import addresses, errors, services
from accounts.api import asking
from accounts.api.fields import Flag, StrictModelSerializer, Text
from accounts.models import AddressRule
from accounts.permissions import ModelPermissions, requires
from project.core.api import StrictSerializer, error_responses

TAGS = ["address rules"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")
WRITTEN = error_responses("10000", errors.LocksYouOut)


class AddressRuleSerializer(StrictModelSerializer):
    """Who may come in from where. A denial wins; where anything is allowed, only that may pass."""

    i_know = Flag(
        write_only=True, required=False, default=False, help_text="Save it although it would lock the caller out."
    )
    created_by = serializers.CharField(source="created_by.username", read_only=True, default=None, allow_null=True)

    class Meta:
        model = AddressRule
        fields = (
            "id",
            "effect",
            "pattern",
            "for_admin",
            "for_api",
            "for_gateway",
            "comment",
            "is_active",
            "expires_at",
            "i_know",
            "hits",
            "last_hit_at",
            "created_by",
            "created_at",
        )
        read_only_fields = ("id", "hits", "last_hit_at", "created_at")

    def validate_pattern(self, value: str) -> str:
        return addresses.patterns.parse(value).text


class TestedSerializer(StrictSerializer):
    """An address to try."""

    address = Text(max_length=100, help_text="IPv4 or IPv6.")


class DecisionSerializer(serializers.Serializer[Any]):
    """What the rules say to an address in one place."""

    place = serializers.ChoiceField(AddressRule.Place.choices)
    passes = serializers.BooleanField()
    rule = AddressRuleSerializer(allow_null=True, help_text="The rule that decides; null when none names the address.")
    why = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    """What the rules say to an address."""

    address = serializers.CharField()
    decisions = DecisionSerializer(many=True)


class AddressRuleViewSet(GenericViewSet[AddressRule]):
    """Which addresses may come in, and which may not."""

    serializer_class = AddressRuleSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_value_regex = r"[0-9]{1,18}"
    queryset = AddressRule.objects.none()

    def get_queryset(self) -> QuerySet[AddressRule]:
        return AddressRule.objects.select_related("created_by")

    @extend_schema(
        operation_id="address_rules_list",
        summary="List address rules",
        tags=TAGS,
        responses={200: AddressRuleSerializer(many=True), **REFUSED},
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="address_rules_create",
        summary="Add an address rule",
        description="It counts on all nodes within two seconds.",
        tags=TAGS,
        responses={201: AddressRuleSerializer, **REFUSED, **WRITTEN},
    )
    def create(self, request: Request) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = services.create_address_rule(by=asking.person(request), **asked.validated_data)
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="address_rules_read",
        summary="Read an address rule",
        tags=TAGS,
        responses={200: AddressRuleSerializer, **ONE_REFUSED},
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="address_rules_change",
        summary="Change an address rule",
        tags=TAGS,
        request=AddressRuleSerializer(partial=True),
        responses={200: AddressRuleSerializer, **ONE_REFUSED, **WRITTEN},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        rule = self.get_object()
        asked = self.get_serializer(rule, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        changed = services.update_address_rule(by=asking.person(request), rule=rule, **asked.validated_data)
        return Response(self.get_serializer(changed).data)

    @extend_schema(
        operation_id="address_rules_delete",
        summary="Delete an address rule",
        tags=TAGS,
        parameters=[OpenApiParameter("i_know", bool, description="Delete it although that would lock the caller out.")],
        responses={204: None, **ONE_REFUSED, **error_responses(errors.LocksYouOut)},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        knows = request.query_params.get("i_know", "").lower() in {"1", "true"}
        services.delete_address_rule(by=asking.person(request), rule=self.get_object(), i_know=knows)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="address_rules_test",
        summary="Would this address pass?",
        description="For each place, and which rule decides. Needs `accounts.view_addressrule`.",
        tags=TAGS,
        request=TestedSerializer,
        responses={200: VerdictSerializer, **REFUSED, **error_responses("10000")},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="test",
        permission_classes=[IsAuthenticated, requires("accounts.view_addressrule")],
    )
    def test(self, request: Request) -> Response:
        asked = TestedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            address = addresses.patterns.parse_address(asked.validated_data["address"])
        except ValidationError as problem:
            raise serializers.ValidationError({"address": problem.messages}) from problem
        return Response(VerdictSerializer(addresses.verdict(str(address))).data)
