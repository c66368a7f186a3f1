"""What connections set, kept for their users' next ones."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from project.core.api import error_responses
from project.core.errors import NoPermission, NotFound
from realtime import services
from realtime.api.views import GatewayView


class KeptSettingsSerializer(serializers.Serializer[Any]):
    """The settings that a user's next connection begins with."""

    settings = serializers.DictField(child=serializers.CharField(allow_blank=True))


class KeptSettingsView(GatewayView):
    """What is kept for one user."""

    needs = {"GET": "realtime.view_keptsettings", "DELETE": "realtime.delete_keptsettings"}

    @extend_schema(
        operation_id="realtime_kept_settings",
        responses={200: KeptSettingsSerializer, **error_responses(NoPermission, NotFound)},
    )
    def get(self, request: Request, user_id: int) -> Response:
        """Show what the next connection of a user in your scope begins with."""
        return Response({"settings": services.kept_settings(user_id=user_id, by=request.user)})

    @extend_schema(
        operation_id="realtime_forget_settings", responses={204: None, **error_responses(NoPermission, NotFound)}
    )
    def delete(self, request: Request, user_id: int) -> Response:
        """Forget it; open connections keep what they have."""
        services.forget_settings(user_id=user_id, by=request.user)
        return Response(status=204)
