"""API tokens: one's own, and for staff everybody's."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services, step_up
from accounts.api import asking
from accounts.api.auth import NOT_CACHED
from accounts.api.fields import Text
from accounts.models import ApiToken
from accounts.permissions import ModelPermissions
from project.core.api import StrictSerializer, error_responses
from project.core.errors import NotFound

TAGS = ["API tokens"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token of a machine, without what would let anybody in."""

    id = serializers.CharField(source="key_id", help_text="The part of the token after `ght_`.")
    owner = serializers.CharField(source="owner.username")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Permissions, `app.codename`.")
    allowed_addresses = serializers.ListField(child=serializers.CharField(), help_text="Empty: from everywhere.")
    is_live = serializers.BooleanField()

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "owner",
            "scopes",
            "allowed_addresses",
            "expires_at",
            "is_live",
            "last_used_at",
            "last_used_ip",
            "created_at",
            "revoked_at",
        )
        read_only_fields = fields


class NewApiTokenSerializer(StrictSerializer):
    """What a machine is to get."""

    name = Text(max_length=100, help_text="What people call the machine.")
    scopes = serializers.ListField(
        child=Text(max_length=200), allow_empty=False, max_length=500, help_text="Permissions you have, `app.codename`."
    )
    expires_at = serializers.DateTimeField(help_text="At most API_TOKEN_MAX_DAYS from now.")
    allowed_addresses = serializers.ListField(
        child=Text(max_length=100),
        required=False,
        default=list,
        max_length=50,
        help_text="Where it works from: addresses, networks, ranges, beginnings. Empty: from everywhere.",
    )


class MadeApiTokenSerializer(ApiTokenSerializer):
    """A new token, with its text: this once."""

    token = serializers.CharField(help_text="Keep it: nobody can show it again.")

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields


@extend_schema_view(
    get=extend_schema(operation_id="auth_tokens", summary="My machines' tokens", tags=TAGS),
)
class MyTokensView(ListAPIView[ApiToken]):
    """The caller's tokens, newest first; revoked ones too."""

    serializer_class = ApiTokenSerializer

    def get_queryset(self) -> QuerySet[ApiToken]:
        tokens: QuerySet[ApiToken] = ApiToken.objects.select_related("owner").filter(owner=self.request.user.pk)
        return tokens

    @extend_schema(
        operation_id="auth_tokens_create",
        summary="Make a token for a machine",
        description="Needs `accounts.add_apitoken`. The token works while it and its owner may, and never displaces them.",
        tags=TAGS,
        request=NewApiTokenSerializer,
        responses={201: MadeApiTokenSerializer, **REFUSED, **error_responses("10000", errors.NotConfirmed)},
    )
    def post(self, request: Request) -> Response:
        step_up.ensure(request.auth)
        asked = NewApiTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_api_token(owner=asking.person(request), **asked.validated_data)
        answer = ApiTokenSerializer(made.token).data | {"token": made.text}
        return Response(answer, status=status.HTTP_201_CREATED, headers=NOT_CACHED)


class MyTokenView(GenericAPIView[ApiToken]):
    @extend_schema(
        operation_id="auth_token_revoke",
        summary="Revoke one of my tokens",
        description="It and its sockets are dead at once.",
        tags=TAGS,
        responses={204: None, **error_responses(errors.NotSignedIn, "10008")},
    )
    def delete(self, request: Request, key_id: str) -> Response:
        token = ApiToken.objects.filter(owner=asking.person(request).pk, key_id=key_id, revoked_at=None).first()
        if token is None:
            raise NotFound
        services.revoke_api_token(token=token, by=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenPermissions(ModelPermissions):
    """Revoking others' tokens is a permission of its own."""

    perms_map = ModelPermissions.perms_map | {"DELETE": ["accounts.revoke_apitoken"]}


class ApiTokenViewSet(GenericViewSet[ApiToken]):
    """Tokens of everybody in the caller's scope, for staff."""

    serializer_class = ApiTokenSerializer
    permission_classes = (IsAuthenticated, TokenPermissions)
    lookup_field = "key_id"
    lookup_value_regex = r"[0-9A-Za-z]{12}"
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        tokens: QuerySet[ApiToken] = ApiToken.objects.seen_by(self.request.user).select_related("owner")
        return tokens

    @extend_schema(
        operation_id="tokens_list",
        summary="List everybody's tokens",
        tags=TAGS,
        responses={200: ApiTokenSerializer(many=True), **REFUSED},
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="tokens_read",
        summary="Read a token's data",
        tags=TAGS,
        responses={200: ApiTokenSerializer, **ONE_REFUSED},
    )
    def retrieve(self, request: Request, key_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke somebody's token",
        description="Needs `accounts.revoke_apitoken` and a higher rank than its owner's.",
        tags=TAGS,
        responses={204: None, **ONE_REFUSED},
    )
    def destroy(self, request: Request, key_id: str) -> Response:
        services.revoke_api_token(token=self.get_object(), by=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
