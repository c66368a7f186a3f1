"""Where everybody is signed in, for staff; and the end of it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services, sessions, step_up
from accounts.api import asking
from accounts.api.reasons import WhySerializer
from accounts.api.session_serializers import SessionSerializer
from accounts.models import Department, LoginSession, Origin
from accounts.permissions import ModelPermissions, requires
from project.core.api import StrictSerializer, error_responses, query_of

TAGS = ["sessions"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")
MAY_END = (IsAuthenticated, requires("accounts.end_loginsession"))


class StaffSessionSerializer(SessionSerializer):
    """Somewhere somebody is or was signed in."""

    username = serializers.CharField(source="user.username")
    real_name = serializers.CharField(source="user.real_name")
    live = serializers.BooleanField(source="is_live", help_text="Does it still let them in?")
    end_reason = serializers.ChoiceField(LoginSession.Reason.choices, read_only=True, allow_blank=True)
    end_reason_text = serializers.SerializerMethodField()
    ended_by = serializers.CharField(source="ended_by.username", default=None, allow_null=True)

    class Meta(SessionSerializer.Meta):
        fields: Any = (
            "id",
            "user",
            "username",
            "real_name",
            "live",
            *SessionSerializer.Meta.fields[1:],
            "ended_at",
            "end_reason",
            "end_reason_text",
            "ended_by",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_end_reason_text(self, session: LoginSession) -> str:
        return str(session.get_end_reason_display())


class SessionQuerySerializer(StrictSerializer):
    """How the list may be narrowed; newest first."""

    live = serializers.BooleanField(required=False, help_text="true: who is signed in; false: what is over.")
    user = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.without_tree_fields(), required=False, help_text="With its sub-departments."
    )
    scope = serializers.ChoiceField(LoginSession.Scope.choices, required=False)
    kind = serializers.ChoiceField(LoginSession.Kind.choices, required=False)
    device_kind = serializers.ChoiceField(Origin.DeviceKind.choices, required=False)
    country = serializers.RegexField(
        r"^([A-Z]{2}|local)?$", required=False, allow_blank=True, help_text="ISO 3166, `local`, or empty for unknown."
    )
    end_reason = serializers.ChoiceField(LoginSession.Reason.choices, required=False)
    since = serializers.DateTimeField(required=False, help_text="Signed in at this moment or later.")
    until = serializers.DateTimeField(required=False, help_text="Signed in before this moment.")
    search = serializers.CharField(
        required=False, max_length=100, help_text="In user name, name, address, device, browser."
    )


class EndOfDepartmentSerializer(WhySerializer):
    """Whose sessions of a department are ended, and why."""

    sub_departments = serializers.BooleanField(required=False, default=True, help_text="Theirs too?")


class EndOfEverybodySerializer(WhySerializer):
    """Whose sessions are ended, and why."""

    mine_too = serializers.BooleanField(required=False, default=False, help_text="The session that asks too?")


class EndedTogetherSerializer(serializers.Serializer[Any]):
    """What ended, and who was left alone."""

    ended = serializers.IntegerField(source="sessions", help_text="How many sessions.")
    people = serializers.IntegerField(help_text="Of how many people.")
    left_alone = serializers.IntegerField(help_text="People who are signed in and rank as high as you, or higher.")


class SessionViewSet(GenericViewSet[LoginSession]):
    """Sessions of the people in your scope. Whoever ends somebody's must stand above them in rank."""

    serializer_class = StaffSessionSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_field = "sid"
    lookup_url_kwarg = "id"
    lookup_value_regex = r"[0-9a-f]{32}"
    queryset = LoginSession.objects.none()

    def get_queryset(self) -> QuerySet[LoginSession]:
        return sessions.seen_by(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "session": self.request.auth}

    @extend_schema(
        operation_id="sessions_list",
        summary="List sessions",
        description="Narrowed by any of the parameters together.",
        tags=TAGS,
        parameters=[SessionQuerySerializer],
        responses={200: StaffSessionSerializer(many=True), **REFUSED, **error_responses("10000")},
    )
    def list(self, request: Request) -> Response:
        asked = query_of(SessionQuerySerializer, request)
        page = self.paginate_queryset(sessions.narrowed(self.get_queryset(), asked))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="sessions_read",
        summary="Read a session",
        tags=TAGS,
        responses={200: StaffSessionSerializer, **ONE_REFUSED},
    )
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002 (the name in the address)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="sessions_end",
        summary="End a session",
        description="Its tokens and sockets are dead at once. Needs `accounts.end_loginsession` and a higher rank.",
        tags=TAGS,
        parameters=[WhySerializer],
        responses={204: None, **ONE_REFUSED, **error_responses("10000")},
    )
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002 (likewise)
        asked = WhySerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        services.end_session(by=asking.person(request), session=self.get_object(), **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_permissions(self) -> Any:
        if self.action in {"destroy", "end_all"}:
            return [one() for one in MAY_END]
        return super().get_permissions()

    @extend_schema(
        operation_id="sessions_end_all",
        summary="End everybody's sessions",
        description=(
            "Of all people in your scope who rank below you, and your own but this one. Tokens and sockets are dead at "
            "once, on all nodes; who is signing in at this moment is out too, or signs in afterwards. Needs "
            "`accounts.end_loginsession` and a recent sign-in."
        ),
        tags=TAGS,
        request=EndOfEverybodySerializer,
        responses={200: EndedTogetherSerializer, **REFUSED, **error_responses("10000", "10009", errors.NotConfirmed)},
    )
    @action(detail=False, methods=["post"], url_path="end-all")
    def end_all(self, request: Request) -> Response:
        asked = EndOfEverybodySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        step_up.ensure(request.auth)
        keep = None if asked.validated_data["mine_too"] else asking.session(request)
        done = services.end_everybodys_sessions(
            by=asking.person(request), keep=keep, reason=asked.validated_data["reason"]
        )
        return Response(EndedTogetherSerializer(done).data)
