"""The log of sign-ins: one's own, and everybody's for staff."""

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, sign_in_log
from accounts.api import asking
from accounts.api.origins import ORIGIN, OriginSerializer
from accounts.models import LoginEvent, LoginSession, Origin
from accounts.permissions import ModelPermissions
from integrations.sheets import services as sheets
from project.core.api import StrictSerializer, error_responses, query_of

REFUSED = error_responses(errors.NotSignedIn)
STAFF_REFUSED = error_responses(errors.NotSignedIn, "10009")
NARROW = "Narrowed by any of the parameters together."


class OwnSignInSerializer(OriginSerializer):
    """An attempt to sign in."""

    session = serializers.CharField(
        source="session.sid", default=None, allow_null=True, help_text="Of a successful one, while it is kept."
    )
    reason_text = serializers.CharField(source="get_reason_display")

    class Meta:
        model = LoginEvent
        fields: tuple[str, ...] = (
            "id",
            "created_at",
            "succeeded",
            "reason",
            "reason_text",
            "scope",
            "method",
            *ORIGIN,
            "is_new_device",
            "session",
        )
        read_only_fields = fields


class SignInSerializer(OwnSignInSerializer):
    """An attempt to sign in. `user` is null where nobody has the name."""

    real_name = serializers.SerializerMethodField()

    class Meta(OwnSignInSerializer.Meta):
        fields = ("id", "user", "username", "real_name", *OwnSignInSerializer.Meta.fields[1:])
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_real_name(self, event: LoginEvent) -> str:
        return event.user.real_name if event.user else ""


class SignInQuerySerializer(StrictSerializer):
    """How the log may be narrowed; newest first."""

    succeeded = serializers.BooleanField(required=False)
    reason = serializers.ChoiceField(LoginEvent.Reason.choices, required=False)
    scope = serializers.ChoiceField(LoginSession.Scope.choices, required=False)
    method = serializers.ChoiceField(LoginEvent.Method.choices, required=False)
    country = serializers.RegexField(
        r"^([A-Z]{2}|local)?$", required=False, allow_blank=True, help_text="ISO 3166, `local`, or empty for unknown."
    )
    device_kind = serializers.ChoiceField(Origin.DeviceKind.choices, required=False)
    is_new_device = serializers.BooleanField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Without this moment itself.")


class StaffQuerySerializer(SignInQuerySerializer):
    """How everybody's log may be narrowed; newest first."""

    user = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    search = serializers.CharField(
        required=False, max_length=100, help_text="In user name, name of the person, address, browser."
    )


def narrowed(events: QuerySet[LoginEvent], request: Request, kind: type[SignInQuerySerializer]) -> QuerySet[LoginEvent]:
    """The attempts the query asks for.

    :raises ValidationError: naming what is wrong with it.
    """
    return sign_in_log.narrowed(events, query_of(kind, request))


class MySignInsView(GenericAPIView[LoginEvent]):
    """Attempts to sign in with the caller's name."""

    queryset = LoginEvent.objects.none()
    serializer_class = OwnSignInSerializer

    @extend_schema(
        operation_id="auth_sign_ins",
        summary="Who signed in with my name?",
        description=NARROW,
        tags=["auth"],
        parameters=[SignInQuerySerializer],
        responses={200: OwnSignInSerializer(many=True), **REFUSED, **error_responses("10000")},
    )
    def get(self, request: Request) -> Response:
        mine = LoginEvent.objects.filter(user=asking.person(request).pk).select_related("session")
        page = self.paginate_queryset(narrowed(mine, request, SignInQuerySerializer))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class SignInViewSet(GenericViewSet[LoginEvent]):
    """Everybody's sign-ins, as far as they lie in the caller's scope."""

    serializer_class = SignInSerializer
    permission_classes = (IsAuthenticated, ModelPermissions)
    lookup_value_regex = r"[0-9]{1,18}"
    queryset = LoginEvent.objects.none()

    def get_queryset(self) -> QuerySet[LoginEvent]:
        return sign_in_log.seen_by(self.request.user)

    @extend_schema(
        operation_id="sign_ins_list",
        summary="List sign-ins",
        description=NARROW,
        tags=["sign-ins"],
        parameters=[StaffQuerySerializer],
        responses={200: SignInSerializer(many=True), **STAFF_REFUSED, **error_responses("10000")},
    )
    def list(self, request: Request) -> Response:
        events = self.get_queryset().select_related("session")
        page = self.paginate_queryset(narrowed(events, request, StaffQuerySerializer))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="sign_ins_read",
        summary="Read a sign-in",
        tags=["sign-ins"],
        responses={200: SignInSerializer, **STAFF_REFUSED, **error_responses("10008")},
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="sign_ins_export",
        summary="Take the log out as a sheet",
        description="What the list shows with the same parameters, as xlsx. For long logs rather use `exports/`.",
        tags=["sign-ins"],
        parameters=[StaffQuerySerializer],
        filters=False,
        responses={
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            **STAFF_REFUSED,
            **error_responses("10000"),
        },
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> FileResponse:
        found = narrowed(self.get_queryset(), request, StaffQuerySerializer)
        return sheets.export_now("sign_ins", found, request.user, filters=request.query_params.dict())
