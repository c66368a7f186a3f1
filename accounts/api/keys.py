"""Signing keys, for staff."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import errors, keys, services
from accounts.api import asking
from accounts.api.fields import Flag, Text
from accounts.keys import ALGORITHMS, Key, State, times
from accounts.permissions import requires
from accounts.step_up import RecentSignIn
from project.core.api import Pages, StrictSerializer, error_responses, paged

TAGS = ["signing keys"]
REFUSED = error_responses(errors.NotSignedIn, "10009")
DANGEROUS = error_responses(errors.NotSignedIn, "10000", "10009", errors.NotConfirmed, errors.KeysInFiles)
MAY_ROTATE = [IsAuthenticated, requires("accounts.rotate_keys"), RecentSignIn]


class SigningKeySerializer(serializers.Serializer[Any]):
    """A signing key, without its private part."""

    kid = serializers.CharField()
    algorithm = serializers.ChoiceField(ALGORITHMS)
    state = serializers.ChoiceField([state.value for state in State])
    public = serializers.JSONField(source="jwk", help_text="As in the JWKS.")
    created_at = serializers.DateTimeField()
    takes_over_at = serializers.DateTimeField(
        source="promote_at", allow_null=True, help_text="When a key that waits signs by itself."
    )
    signs_since = serializers.DateTimeField(source="promoted_at")
    rotate_at = serializers.SerializerMethodField(help_text="When the current key will have signed for long enough.")
    retired_at = serializers.DateTimeField(allow_null=True)
    counts_until = serializers.SerializerMethodField(help_text="When the last token of a retired key has run out.")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_rotate_at(self, key: Key) -> Any:
        return self._told(times.rotate_at(key) if key.state is State.CURRENT else None)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_counts_until(self, key: Key) -> Any:
        return self._told(times.dies_at(key))

    def _told(self, moment: Any) -> Any:
        return serializers.DateTimeField().to_representation(moment) if moment else None


class RotateSerializer(StrictSerializer):
    """How to rotate."""

    algorithm = serializers.ChoiceField(ALGORITHMS, required=False, help_text="Of a key made now. JWT_ALGORITHM.")
    force = Flag(required=False, default=False, help_text="At once, although verifiers may not know the key yet.")
    current = Text(
        required=False,
        default="",
        max_length=64,
        allow_blank=True,
        help_text="The key that signs as far as the caller knows: 10005 when another does.",
    )


class RetireSerializer(StrictSerializer):
    """Why a key goes."""

    stolen = Flag(required=False, default=False, help_text="Refuse what it signed, now; its successor signs at once.")
    reason = Text(required=False, default="", max_length=200, allow_blank=True, help_text="For the audit trail.")


class SigningKeyViewSet(ViewSet):
    """The keys that sign access tokens."""

    permission_classes = (IsAuthenticated, requires("accounts.view_signingkey"))
    pagination_class = Pages
    lookup_value_regex = r"[A-Za-z0-9_-]{1,64}"
    lookup_url_kwarg = "kid"

    @extend_schema(
        operation_id="keys_list",
        summary="List signing keys",
        description="Public parts only, newest first. Needs `accounts.view_signingkey`.",
        tags=TAGS,
        responses={200: SigningKeySerializer(many=True), **REFUSED},
    )
    def list(self, request: Request) -> Response:
        return paged(keys.store().load()[::-1], request, SigningKeySerializer)

    @extend_schema(
        operation_id="keys_rotate",
        summary="Rotate the signing keys",
        description=(
            "The next key, made now if none waits, takes over as soon as verifiers know it: `takes_over_at` says when; "
            "null: it signs already. Nobody is signed out. Needs `accounts.rotate_keys` and a recent sign-in."
        ),
        tags=TAGS,
        request=RotateSerializer,
        responses={200: SigningKeySerializer, **DANGEROUS, **error_responses(errors.RotatedMeanwhile)},
    )
    @action(detail=False, methods=["post"], permission_classes=MAY_ROTATE)
    def rotate(self, request: Request) -> Response:
        asked = RotateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(
            SigningKeySerializer(services.rotate_keys(by=asking.person(request), **asked.validated_data)).data
        )

    @extend_schema(
        operation_id="keys_retire",
        summary="Retire a signing key",
        description=(
            "One that waits, or, stolen, any: within half a minute everything it signed is refused. "
            "Needs `accounts.rotate_keys` and a recent sign-in."
        ),
        tags=TAGS,
        request=RetireSerializer,
        responses={204: None, **DANGEROUS, **error_responses(errors.NoSuchKey, errors.KeyInUse)},
    )
    @action(detail=True, methods=["post"], permission_classes=MAY_ROTATE)
    def retire(self, request: Request, kid: str) -> Response:
        asked = RetireSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.retire_key(by=asking.person(request), kid=kid, **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
