"""What connections set, kept for their users' next ones."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from project.core import audit
from project.core.api import error_responses
from project.core.errors import NoPermission, NotFound
from realtime import services
from realtime.api.views import GatewayView
from realtime.models import KeptSettings


class KeptSettingsSerializer(serializers.ModelSerializer[KeptSettings]):
    """The settings that a user's next connection begins with."""

    settings = serializers.DictField(source="values", child=serializers.CharField(allow_blank=True))

    class Meta:
        model = KeptSettings
        fields = ("settings", "changed_at", "seen_at")


class KeptSettingsView(GatewayView):
    """What is kept for one user."""

    needs = {"GET": "realtime.view_keptsettings", "DELETE": "realtime.delete_keptsettings"}

    @extend_schema(
        operation_id="realtime_kept_settings",
        responses={200: KeptSettingsSerializer, **error_responses(NoPermission, NotFound)},
    )
    def get(self, request: Request, user_id: int) -> Response:
        """Show what the next connection of a user in your scope begins with."""
        return Response(KeptSettingsSerializer(_of(user_id, request.user)).data)

    @extend_schema(
        operation_id="realtime_forget_settings", responses={204: None, **error_responses(NoPermission, NotFound)}
    )
    def delete(self, request: Request, user_id: int) -> Response:
        """Forget it; open connections keep what they have."""
        row = _of(user_id, request.user)
        audit.record("realtime.settings_forgotten", row.user, actor=request.user)
        row.delete()
        return Response(status=204)


def _of(user_id: int, by: Any) -> KeptSettings:
    row = KeptSettings.objects.select_related("user").filter(pk__in=services.people_seen(by, [user_id])).first()
    if row is None:
        raise NotFound
    return row
