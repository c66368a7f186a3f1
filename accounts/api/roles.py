"""Roles, for staff."""

from typing import Any

from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services, step_up
from accounts.api import asking
from accounts.api.history import HistoryMixin
from accounts.api.role_serializers import RoleSerializer
from accounts.models import Role, reach_by
from accounts.permissions import ModelPermissions
from project.core.api import error_responses

TAGS = ["roles"]
SAFETY = frozenset({"second_factor_required", "scope", "departments"})
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")


class RoleViewSet(HistoryMixin, GenericViewSet[Role]):
    """Roles, highest first. Whoever changes one must stand above it, and grants only what they have."""

    serializer_class = RoleSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_value_regex = r"[0-9]{1,18}"
    queryset = Role.objects.none()

    def get_queryset(self) -> QuerySet[Role]:
        roles = Role.objects.select_related("group").prefetch_related("group__permissions__content_type", "departments")
        reached = reach_by(self.request.user).where("group__user")
        return roles.annotate(people_count=Count("group__user", filter=reached, distinct=True)).order_by("-rank", "key")

    @extend_schema(
        operation_id="roles_list",
        summary="List roles",
        tags=TAGS,
        responses={200: RoleSerializer(many=True), **REFUSED},
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="roles_create",
        summary="Add a role",
        tags=TAGS,
        responses={201: RoleSerializer, **error_responses("10000", errors.NotSignedIn, "10009", errors.NotConfirmed)},
    )
    def create(self, request: Request) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        _ensure_recent(request, asked.validated_data)
        role = services.create_role(by=asking.person(request), **_flat(asked.validated_data))
        return Response(self._shown(role), status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="roles_read", summary="Read a role", tags=TAGS, responses={200: RoleSerializer, **ONE_REFUSED}
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="roles_change",
        summary="Change a role",
        tags=TAGS,
        request=RoleSerializer(partial=True),
        responses={
            200: RoleSerializer,
            **ONE_REFUSED,
            **error_responses("10000", "10009", errors.NotConfirmed),
        },
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        role = self.get_object()
        asked = self.get_serializer(role, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        _ensure_recent(request, asked.validated_data)
        changed = services.update_role(
            by=asking.person(request),
            role=role,
            **_flat(asked.validated_data),
        )
        return Response(self._shown(changed))

    @extend_schema(
        operation_id="roles_replace",
        summary="Change a role as a whole",
        description="What must be there must be named; what is not named stays.",
        tags=TAGS,
        request=RoleSerializer,
        responses={
            200: RoleSerializer,
            **ONE_REFUSED,
            **error_responses("10000", "10009", errors.NotConfirmed),
        },
    )
    def update(self, request: Request, pk: str) -> Response:
        self.get_serializer(self.get_object(), data=request.data).is_valid(raise_exception=True)
        return self.partial_update(request, pk)

    @extend_schema(
        operation_id="roles_delete",
        summary="Delete a role nobody has",
        tags=TAGS,
        responses={204: None, **ONE_REFUSED, **error_responses(errors.StillInUse)},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_role(by=asking.person(request), role=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, role: Role) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=role.pk)).data


def _ensure_recent(request: Request, changes: dict[str, Any]) -> None:
    """What roles permit and demand, and whom they reach, is changed by somebody who has proved themselves of late."""
    if "permissions" in changes.get("group", {}) or not SAFETY.isdisjoint(changes):
        step_up.ensure(request.auth)


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Name and permissions are the group's, but the role's as people see it."""
    group: dict[str, Any] = values.get("group", {})
    return {name: value for name, value in values.items() if name != "group"} | group
