"""The gateway over HTTP: send, look, change, disconnect."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from project.core.api import Pages, error_responses
from project.core.errors import InvalidParameters, NoPermission, TooLarge
from realtime import figures, oversight, services
from realtime.api import serializers
from realtime.api.node_serializers import NodeSerializer, SummarySerializer
from realtime.errors import ConnectionGone, GatewayUnreachable


class Holds(BasePermission):
    """Asks for the permission a view names for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = view.needs.get(request.method)
        return needed is None or bool(request.user.has_perm(needed))


class GatewayView(APIView):
    """A view whose `needs` name a permission per method."""

    permission_classes = [*APIView.permission_classes, Holds]
    needs: dict[str, str] = {}


class MessagesView(GatewayView):
    """Messages to sockets."""

    needs = {"POST": "realtime.send"}

    @extend_schema(
        operation_id="realtime_send",
        request=serializers.MessageSerializer,
        responses={
            202: serializers.SentSerializer,
            **error_responses(InvalidParameters, NoPermission, TooLarge, GatewayUnreachable),
        },
    )
    def post(self, request: Request) -> Response:
        """Push a message to a user, several, a group, several, one connection or everyone.

        Who does not see everybody sends to people and connections in their scope only. The same message may lie on a queue:
        docs/message-queue.md.
        """
        asked = serializers.MessageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(services.send(by=request.user, **asked.validated_data), status=202)


class ConnectionsView(GatewayView):
    """Open sockets."""

    needs = {"GET": "realtime.view_connection"}
    pagination_class = Pages

    @extend_schema(
        operation_id="realtime_connections",
        parameters=[
            serializers.WantedSerializer,
        ],
        responses={
            200: serializers.ConnectionSerializer(many=True),
            **error_responses(InvalidParameters, NoPermission, GatewayUnreachable),
        },
    )
    def get(self, request: Request) -> Response:
        """List the open sockets, on all nodes, of people in your scope, the newest first."""
        given = {name: value for name, value in request.query_params.items() if value}
        wanted = serializers.WantedSerializer(data=given).wanted()
        everybody = services.connections(by=request.user, user=wanted.user, group=wanted.group)
        found = oversight.found(everybody, wanted)
        found.sort(key=lambda one: (-one["since"], one["id"]))
        pages = Pages()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(serializers.ConnectionSerializer(page, many=True).data)


class ConnectionView(GatewayView):
    """One open socket."""

    needs = {
        "GET": "realtime.view_connection",
        "PATCH": "realtime.change_connection",
        "DELETE": "realtime.disconnect",
    }

    @extend_schema(
        operation_id="realtime_connection",
        responses={
            200: serializers.ConnectionSerializer,
            **error_responses(ConnectionGone, NoPermission, GatewayUnreachable),
        },
    )
    def get(self, request: Request, connection_id: str) -> Response:
        """Tell what its node knows of a socket at this moment."""
        found = oversight.connection(by=request.user, connection_id=connection_id)
        return Response(serializers.ConnectionSerializer(found).data)

    @extend_schema(
        operation_id="realtime_change_connection",
        request=serializers.ChangeSerializer,
        responses={
            200: serializers.ConnectionSerializer,
            **error_responses(InvalidParameters, ConnectionGone, NoPermission, GatewayUnreachable),
        },
    )
    def patch(self, request: Request, connection_id: str) -> Response:
        """Set and remove settings of a socket, let it join and leave groups; only of people in your scope and below your rank."""
        asked = serializers.ChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = oversight.change(by=request.user, connection_id=connection_id, wanted=asked.validated_data)
        return Response(serializers.ConnectionSerializer(changed).data)

    @extend_schema(
        operation_id="realtime_disconnect",
        parameters=[OpenApiParameter("reason", OpenApiTypes.STR, description="What the client is told.")],
        responses={204: None, **error_responses(ConnectionGone, NoPermission, GatewayUnreachable)},
    )
    def delete(self, request: Request, connection_id: str) -> Response:
        """Close a socket with 4503; only those of people in your scope and below your rank."""
        given = request.data if request.data else request.query_params.dict()
        asked = serializers.DisconnectSerializer(data=given)
        asked.is_valid(raise_exception=True)
        oversight.disconnect(connection_id=connection_id, by=request.user, reason=asked.validated_data["reason"])
        return Response(status=204)


class NodesView(GatewayView):
    """Serving processes."""

    needs = {"GET": "realtime.view_connection"}
    pagination_class = Pages

    @extend_schema(
        operation_id="realtime_nodes",
        responses={
            200: NodeSerializer(many=True),
            **error_responses(NoPermission, GatewayUnreachable),
        },
    )
    def get(self, request: Request) -> Response:
        """List the processes that serve sockets, with their figures."""
        pages = Pages()
        page = pages.paginate_queryset(figures.nodes(), request, view=self)
        return pages.get_paginated_response(NodeSerializer(page, many=True).data)


class SummaryView(GatewayView):
    """All serving processes together."""

    needs = {"GET": "realtime.view_connection"}

    @extend_schema(
        operation_id="realtime_summary",
        responses={200: SummarySerializer, **error_responses(NoPermission, GatewayUnreachable)},
    )
    def get(self, request: Request) -> Response:
        """Add up the figures of the processes that serve sockets."""
        return Response(SummarySerializer(figures.added_up(figures.nodes())).data)
