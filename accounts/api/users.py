"""People, for staff."""

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, scope, second_factor, services, step_up
from accounts.api import asking
from accounts.api.bulk import BulkMixin
from accounts.api.history import HistoryMixin
from accounts.api.impersonation_serializers import ActingSerializer, ImpersonateSerializer
from accounts.api.leaving import LeavingMixin
from accounts.api.reasons import WhySerializer
from accounts.api.second_factor_serializers import SecondFactorStateSerializer
from accounts.api.session_serializers import EndedSerializer
from accounts.api.user_serializers import NewUserSerializer, UserQuerySerializer, UserSerializer
from accounts.models import User
from accounts.permissions import ModelPermissions, requires
from accounts.services import guards
from integrations.sheets import services as sheets
from project.core.api import error_responses, query_of
from project.core.errors import NoPermission, NotFound

TAGS = ["users"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")
ID = r"[0-9]{1,18}"


class UserViewSet(HistoryMixin, BulkMixin, LeavingMixin, GenericViewSet[User]):
    """People in your scope. Whoever changes somebody must stand above them in rank."""

    serializer_class = UserSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_value_regex = ID
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        people = scope.people(self.request.user)
        return people.select_related("department", "manager").prefetch_related("groups__role__group")

    def narrowed(self, request: Request) -> QuerySet[User]:
        """The people the query asks for.

        :raises ValidationError: naming what is wrong with it.
        """
        asked = query_of(UserQuerySerializer, request)
        people = self.get_queryset()
        if text := asked.get("search"):
            people = people.search(text)  # type: ignore[attr-defined]  # ours, see scope.people
        for name in ("department", "gender", "is_active", "is_staff"):
            if asked.get(name) is not None:
                people = people.filter(**{name: asked[name]})
        if asked.get("role"):
            people = people.filter(groups__role=asked["role"])
        if asked.get("ids"):
            people = people.filter(pk__in=asked["ids"])
        if asked["second_factor"] is not None:
            people = people.filter(second_factor__confirmed_at__isnull=not asked["second_factor"])
        found: QuerySet[User] = people.in_order(asked["ordering"])  # type: ignore[attr-defined]  # likewise
        return found

    @extend_schema(
        operation_id="users_list",
        summary="List people",
        tags=TAGS,
        parameters=[UserQuerySerializer],
        responses={200: UserSerializer(many=True), **REFUSED, **error_responses("10000")},
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.narrowed(request))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="users_create",
        summary="Add a person",
        tags=TAGS,
        request=NewUserSerializer,
        responses={201: UserSerializer, **REFUSED, **error_responses("10000", "10009", errors.NotConfirmed)},
    )
    def create(self, request: Request) -> Response:
        asked = NewUserSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        _ensure_recent(request, superuser=asked.validated_data.get("is_superuser", False))
        user = services.create_user(by=asking.person(request), **asked.validated_data)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="users_read", summary="Read a person", tags=TAGS, responses={200: UserSerializer, **ONE_REFUSED}
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="users_change",
        summary="Change a person",
        description="What is not named stays. `is_active: false` ends all their sessions.",
        tags=TAGS,
        request=UserSerializer(partial=True),
        responses={
            200: UserSerializer,
            **ONE_REFUSED,
            **error_responses("10000", "10005", "10009", errors.NotConfirmed),
        },
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        user = self.get_object()
        asked = self.get_serializer(user, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        _ensure_recent(request, user, superuser=asked.validated_data.get("is_superuser", user.is_superuser))
        changed = services.update_user(by=asking.person(request), user=user, **asked.validated_data)
        return Response(UserSerializer(changed).data)

    @extend_schema(
        operation_id="users_replace",
        summary="Change a person as a whole",
        description="What must be there must be named; what is not named stays.",
        tags=TAGS,
        request=UserSerializer,
        responses={
            200: UserSerializer,
            **ONE_REFUSED,
            **error_responses("10000", "10005", "10009", errors.NotConfirmed),
        },
    )
    def update(self, request: Request, pk: str) -> Response:
        self.get_serializer(self.get_object(), data=request.data).is_valid(raise_exception=True)
        return self.partial_update(request, pk)

    @extend_schema(
        operation_id="users_delete",
        summary="Delete a person",
        description="For good. To lock somebody out, set `is_active: false` instead.",
        tags=TAGS,
        responses={204: None, **ONE_REFUSED, **error_responses("10005", "10009", errors.NotConfirmed)},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        user = self.get_object()
        _ensure_recent(request, user, superuser=False)
        services.delete_user(user=user, by=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="users_end_sessions",
        summary="End all sessions of a person",
        description="Their tokens and sockets are dead at once. Needs `accounts.end_loginsession` and a higher rank.",
        tags=TAGS,
        request=WhySerializer,
        responses={200: EndedSerializer, **ONE_REFUSED, **error_responses("10000")},
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="end-sessions",
        permission_classes=[IsAuthenticated, requires("accounts.end_loginsession")],
    )
    def end_sessions(self, request: Request, pk: str) -> Response:
        asked = WhySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ended = services.end_sessions(user=self.get_object(), by=asking.person(request), **asked.validated_data)
        return Response(EndedSerializer({"ended": ended}).data)

    @extend_schema(
        operation_id="users_impersonate",
        summary="Act as a person",
        description=(
            "From now on this session speaks for that person, for a short while: `auth/me` says so, `DELETE "
            "auth/impersonation` ends it. They are told. Needs `accounts.impersonate_user`, a higher rank and a recent "
            "sign-in. Nothing under `auth/` but reading `auth/me` is for who acts as somebody else."
        ),
        tags=TAGS,
        request=ImpersonateSerializer,
        responses={
            200: ActingSerializer,
            **ONE_REFUSED,
            **error_responses(
                "10000", "10009", errors.NotConfirmed, errors.NotAbove, errors.NotThisPerson, errors.ActsAlready
            ),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, requires("accounts.impersonate_user")])
    def impersonate(self, request: Request, pk: str) -> Response:
        subject = self.get_object()
        guards.ensure_person(asking.person(request))
        step_up.ensure(request.auth)
        asked = ImpersonateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        session = services.impersonate(
            session=asking.session(request),
            subject=subject,
            by=asking.person(request),
            reason=asked.validated_data["reason"],
            writes=not asked.validated_data["read_only"],
        )
        return Response(ActingSerializer(session).data)

    @extend_schema(
        operation_id="users_unlock",
        summary="Unlock a person after too many failures",
        description="They may try again at once. Needs `accounts.unlock_loginevent` and a higher rank.",
        tags=TAGS,
        request=WhySerializer,
        responses={204: None, **ONE_REFUSED, **error_responses("10000")},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, requires("accounts.unlock_loginevent")])
    def unlock(self, request: Request, pk: str) -> Response:
        asked = WhySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.unlock_user(user=self.get_object(), by=asking.person(request), **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="users_second_factor",
        summary="Has a person a second factor?",
        tags=TAGS,
        methods=["GET"],
        responses={200: SecondFactorStateSerializer, **ONE_REFUSED},
    )
    @extend_schema(
        operation_id="users_second_factor_remove",
        summary="Remove a person's second factor",
        description=(
            "For somebody who lost their phone; they are told. Needs `accounts.remove_secondfactor`, a higher rank and a "
            "recent sign-in."
        ),
        tags=TAGS,
        methods=["DELETE"],
        responses={204: None, **ONE_REFUSED, **error_responses("10009", errors.NotConfirmed, errors.NoSecondFactor)},
    )
    @action(
        detail=True,
        methods=["get", "delete"],
        url_path="second-factor",
        permission_classes=[IsAuthenticated, requires("accounts.view_user")],
    )
    def second_factor(self, request: Request, pk: str) -> Response:
        user = self.get_object()
        if request.method == "GET":
            return Response(SecondFactorStateSerializer(second_factor.state_of(user)._asdict()).data)
        if not request.user.has_perm("accounts.remove_secondfactor", user):
            raise NoPermission
        step_up.ensure(request.auth)
        services.remove_second_factor(user=user, by=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="users_export",
        summary="Take the list out as a sheet",
        description="What the list shows with the same filters, as xlsx.",
        tags=TAGS,
        parameters=[UserQuerySerializer],
        filters=False,
        responses={
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            **REFUSED,
            **error_responses("10000"),
        },
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> FileResponse:
        filters = request.query_params.dict()
        return sheets.export_now("users", self.narrowed(request), request.user, filters=filters)

    @extend_schema(
        operation_id="users_avatar",
        summary="A person's picture",
        tags=TAGS,
        responses={(200, "image/webp"): OpenApiTypes.BINARY, **error_responses(errors.NotSignedIn, "10008")},
    )
    @action(detail=True, methods=["get"], permission_classes=[IsAuthenticated])
    def avatar(self, request: Request, pk: str) -> FileResponse:
        user = self.get_object()
        if not user.avatar:
            raise NotFound
        headers = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff"}
        return FileResponse(user.avatar.open("rb"), content_type="image/webp", headers=headers)


def _ensure_recent(request: Request, user: User | None = None, *, superuser: bool) -> None:
    """Superusers are made and unmade by somebody who has proved themselves of late."""
    if superuser != (user is not None and user.is_superuser):
        step_up.ensure(request.auth)
