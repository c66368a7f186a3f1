"""Departments, for staff."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services, step_up, tree
from accounts.api import asking
from accounts.api.department_serializers import DepartmentSerializer
from accounts.api.history import HistoryMixin
from accounts.api.sessions import EndedTogetherSerializer, EndOfDepartmentSerializer
from accounts.api.structure_serializers import MoveSerializer
from accounts.models import Department
from accounts.permissions import ModelPermissions, requires
from project.core.api import error_responses

TAGS = ["departments"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")


class DepartmentViewSet(HistoryMixin, GenericViewSet[Department]):
    """The tree of departments, parents before children."""

    serializer_class = DepartmentSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_value_regex = r"[0-9]{1,18}"
    queryset = Department.objects.none()

    def get_queryset(self) -> QuerySet[Department]:
        departments: QuerySet[Department] = Department.objects.with_tree_fields().select_related("head")
        return departments

    def get_serializer_context(self) -> dict[str, Any]:
        # all counts at once: a department's includes those of all below it; whoever only describes the call asks no table
        needless = self.request.method == "DELETE" or getattr(self, "swagger_fake_view", False)
        counted = {} if needless else tree.counted(self.request.user)
        return {**super().get_serializer_context(), "counted": counted}

    @extend_schema(
        operation_id="departments_list",
        summary="List departments",
        tags=TAGS,
        responses={200: DepartmentSerializer(many=True), **REFUSED},
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="departments_create",
        summary="Add a department",
        tags=TAGS,
        responses={201: DepartmentSerializer, **REFUSED, **error_responses("10000")},
    )
    def create(self, request: Request) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_department(by=asking.person(request), **asked.validated_data)
        return Response(self._shown(made), status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="departments_read",
        summary="Read a department",
        tags=TAGS,
        responses={200: DepartmentSerializer, **ONE_REFUSED},
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="departments_change",
        summary="Change or move a department",
        tags=TAGS,
        request=DepartmentSerializer(partial=True),
        responses={200: DepartmentSerializer, **ONE_REFUSED, **error_responses("10000")},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        department = self.get_object()
        asked = self.get_serializer(department, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        changed = services.update_department(
            by=asking.person(request),
            department=department,
            **asked.validated_data,
        )
        return Response(self._shown(changed))

    @extend_schema(
        operation_id="departments_replace",
        summary="Change or move a department as a whole",
        description="What must be there must be named; what is not named stays.",
        tags=TAGS,
        request=DepartmentSerializer,
        responses={200: DepartmentSerializer, **ONE_REFUSED, **error_responses("10000")},
    )
    def update(self, request: Request, pk: str) -> Response:
        self.get_serializer(self.get_object(), data=request.data).is_valid(raise_exception=True)
        return self.partial_update(request, pk)

    @extend_schema(
        operation_id="departments_move",
        summary="Move a department",
        description=(
            "To a place beside another, or below a parent as the last; whatever lies below moves along. Neighbours get "
            "new positions. 10005 when the one named as neighbour does not stand below `parent` any more."
        ),
        tags=TAGS,
        request=MoveSerializer,
        responses={
            200: DepartmentSerializer,
            **ONE_REFUSED,
            **error_responses("10000", errors.TreeHasChanged),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, requires("accounts.change_department")])
    def move(self, request: Request, pk: str) -> Response:
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        moved = services.move_department(
            by=asking.person(request), department=self.get_object(), **asked.validated_data
        )
        return Response(self._shown(moved))

    @extend_schema(
        operation_id="departments_delete",
        summary="Delete an empty department",
        tags=TAGS,
        responses={204: None, **ONE_REFUSED, **error_responses(errors.StillInUse)},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_department(by=asking.person(request), department=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="departments_end_sessions",
        summary="End the sessions of a department's people",
        description=(
            "Of those in your scope who rank below you; the session that asks stays. Tokens and sockets are dead at once, on "
            "all nodes. Needs `accounts.end_loginsession` and a recent sign-in."
        ),
        tags=TAGS,
        request=EndOfDepartmentSerializer,
        responses={
            200: EndedTogetherSerializer,
            **ONE_REFUSED,
            **error_responses("10000", "10009", errors.NotConfirmed),
        },
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="end-sessions",
        permission_classes=[IsAuthenticated, requires("accounts.end_loginsession")],
    )
    def end_sessions(self, request: Request, pk: str) -> Response:
        department = self.get_object()
        asked = EndOfDepartmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        step_up.ensure(request.auth)
        done = services.end_sessions_of_departments(
            by=asking.person(request), departments=[department], keep=asking.session(request), **asked.validated_data
        )
        return Response(EndedTogetherSerializer(done).data)

    def _shown(self, department: Department) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=department.pk)).data
