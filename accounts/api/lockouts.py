"""Who is locked out, and letting them in again."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, locked_out, scope, services
from accounts.api import asking
from accounts.api.fields import Text
from accounts.api.reasons import WhySerializer
from accounts.permissions import requires
from accounts.sign_in import username_as_kept
from project.core.api import Pages, error_responses, paged
from project.core.errors import NoPermission, NotFound

PERMISSION = "accounts.unlock_loginevent"
REFUSED = error_responses(errors.NotSignedIn, "10009")
TAGS = ["sign-ins"]


class LockedOutSerializer(serializers.Serializer[Any]):
    """A lock: of a name at one address, of a name everywhere (no `ip`), or of an address for all names (no `username`)."""

    username = serializers.CharField(help_text="Or a phone number, in E.164: of codes by text message.")
    ip = serializers.CharField()
    user = serializers.IntegerField(source="user.pk", default=None, allow_null=True, help_text="Whose it is.")
    real_name = serializers.CharField(source="user.real_name", default="")
    failures = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    country = serializers.CharField(source="last.country", help_text="Of the latest failure; ISO 3166 or `local`.")
    last_ip = serializers.CharField(source="last.ip", allow_null=True, help_text="Likewise.")


class UnlockSerializer(WhySerializer):
    """One of the two, and why."""

    username = Text(max_length=150, required=False, help_text="Or a phone number, as the list tells it.")
    ip = Text(max_length=100, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("username" in attrs) == ("ip" in attrs):
            raise serializers.ValidationError(_("Send either a user name or an address."))
        return attrs


class LockoutsView(APIView):
    """Locks of people in the caller's scope; names nobody has, and addresses, for who sees everybody and may read the log."""

    permission_classes = (IsAuthenticated, requires(PERMISSION))
    pagination_class = Pages

    @extend_schema(
        operation_id="lockouts_list",
        summary="Who is locked out now?",
        tags=TAGS,
        responses={200: LockedOutSerializer(many=True), **REFUSED},
    )
    def get(self, request: Request) -> Response:
        return paged(locked_out.seen_by(request.user), request, LockedOutSerializer)


class UnlockView(APIView):
    permission_classes = (IsAuthenticated, requires(PERMISSION))

    @extend_schema(
        operation_id="lockouts_unlock",
        summary="Unlock a user name or an address",
        description="Whoever has the name must rank below the caller. Harmless for what is not locked.",
        tags=TAGS,
        request=UnlockSerializer,
        responses={204: None, **REFUSED, **error_responses("10000", "10008")},
    )
    def post(self, request: Request) -> Response:
        asked = UnlockSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        self._ensure_seen(request, given.get("username", ""))
        by, reason = asking.person(request), given["reason"]
        if "username" in given:
            services.unlock_name(username=given["username"], by=by, reason=reason)
        else:
            services.unlock_address(ip=given["ip"], by=by, reason=reason)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _ensure_seen(self, request: Request, username: str) -> None:
        user = locked_out.owner_of(username_as_kept(username)) if username else None
        if user is not None and not scope.people(request.user).filter(pk=user.pk).exists():
            raise NotFound
        if user is None and not locked_out.sees_strangers(request.user):
            raise NoPermission if not username else NotFound
