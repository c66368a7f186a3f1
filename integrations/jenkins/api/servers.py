"""Servers, their machines and plugins."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.jenkins import services
from integrations.jenkins.api import asked, said
from integrations.jenkins.api import fields as told
from integrations.jenkins.api.permissions import SUPERUSERS
from integrations.jenkins.api.views import HERE, PEOPLE, THERE, Views
from integrations.jenkins.errors import BadName, NotHere, TakenName
from integrations.jenkins.models import Server
from project.core.api import checked, error_responses, paged

JOBS, CONFIGURE = ("jenkins.view_job",), ("jenkins.view_job", "jenkins.configure_job")
SEE, RESTART, MANAGE = ("jenkins.view_server",), ("jenkins.restart_server",), ("jenkins.manage_server",)
NAME = OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH)
NAMED = "(?P<name>[^/]{1,200})"
DIGEST = OpenApiParameter("digest", OpenApiTypes.STR, OpenApiParameter.PATH, description="The file's MD5 sum.")


class ServerViewSet(Views):
    """Jenkins servers. Only superusers add and change them."""

    queryset = Server.objects.all()
    serializer_class = told.ServerSerializer
    needs = {
        "list": SEE, "retrieve": SEE, "metadata": SEE, "health": SEE, "refresh": SEE, "create": SUPERUSERS,
        "partial_update": SUPERUSERS, "destroy": SUPERUSERS, "test": SUPERUSERS, "restart": RESTART,
        "nodes": SEE, "node": SEE, "add_node": MANAGE, "remove_node": MANAGE,
        "plugins": SEE, "plugin": SEE, "install": MANAGE, "uninstall": MANAGE,
        "views": JOBS, "view": JOBS, "add_view": CONFIGURE, "label": SEE, "fingerprint": JOBS,
    }  # fmt: skip

    @extend_schema(responses={200: told.ServerSerializer(many=True), **HERE})
    def list(self, request: Request) -> Response:
        """List the servers."""
        return self.paged(self.get_queryset())

    @extend_schema(responses={200: told.ServerSerializer, **HERE})
    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One server, as of its last answer."""
        return self._told(self.get_object())

    @extend_schema(request=asked.NewServer, responses={201: told.ServerSerializer, **HERE, **THERE}, auth=PEOPLE)
    def create(self, request: Request) -> Response:
        """Make a server known; its token is sealed and never told."""
        server = services.add_server(**checked(asked.NewServer, request.data), by=request.user)
        return self._told(server, status.HTTP_201_CREATED)

    @extend_schema(request=asked.ServerChange, responses={200: told.ServerSerializer, **HERE, **THERE}, auth=PEOPLE)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change what is known of a server."""
        server = self.get_object()
        return self._told(services.change_server(server, by=request.user, **checked(asked.ServerChange, request.data)))

    @extend_schema(responses={204: None, **HERE}, auth=PEOPLE)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Forget a server, with its jobs and builds here; nothing happens to it."""
        services.delete_server(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=asked.ServerTrial, responses={200: said.InfoSerializer, **HERE, **THERE}, auth=PEOPLE)
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Try a server out, before it is kept."""
        info = services.try_server(**checked(asked.ServerTrial, request.data), by=request.user)
        return Response(said.InfoSerializer(info).data)

    @extend_schema(responses={200: told.HealthSerializer, **HERE})
    @action(detail=True)
    def health(self, request: Request, pk: Any = None) -> Response:
        """How a server is, as of its last answer; asks nobody."""
        return Response(told.HealthSerializer(self.get_object()).data)

    @extend_schema(request=asked.Nothing, responses={200: told.HealthSerializer, **HERE})
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: Any = None) -> Response:
        """Ask a server for all its jobs now, unless somebody is asking it already."""
        server = self.get_object()
        checked(asked.Nothing, request.data)
        services.refresh(server)
        server.refresh_from_db()
        return Response(told.HealthSerializer(server).data)

    @extend_schema(request=asked.Nothing, responses={204: None, **HERE, **THERE})
    @action(detail=True, methods=["post"])
    def restart(self, request: Request, pk: Any = None) -> Response:
        """Restart a server once no build runs there any more."""
        server = self.get_object()
        checked(asked.Nothing, request.data)
        services.restart_server(server, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={200: said.MachineSerializer(many=True), **HERE, **THERE}, filters=False)
    @action(detail=True)
    def nodes(self, request: Request, pk: Any = None) -> Response:
        """List the machines that build for a server."""
        return paged(services.nodes_of(self.get_object(), by=request.user), request, said.MachineSerializer)

    @extend_schema(request=asked.NewNode, responses={201: said.MachineSerializer, **HERE, **THERE})
    @nodes.mapping.post
    def add_node(self, request: Request, pk: Any = None) -> Response:
        """Add a machine that calls in by itself."""
        server = self.get_object()
        made = services.create_node(server, by=request.user, **checked(asked.NewNode, request.data))
        return Response(said.MachineSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[NAME], responses={200: said.MachineSerializer, **HERE, **THERE})
    @action(detail=True, url_path=f"nodes/{NAMED}", pagination_class=None)
    def node(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """One machine."""
        return Response(said.MachineSerializer(services.node_of(self.get_object(), name, by=request.user)).data)

    @extend_schema(parameters=[NAME], responses={204: None, **HERE, **THERE})
    @node.mapping.delete
    def remove_node(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """Remove a machine; what runs there is cut."""
        services.delete_node(self.get_object(), name=name, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={200: said.PluginSerializer(many=True), **HERE, **THERE}, filters=False)
    @action(detail=True)
    def plugins(self, request: Request, pk: Any = None) -> Response:
        """List the plugins of a server."""
        return paged(services.plugins_of(self.get_object(), by=request.user), request, said.PluginSerializer)

    @extend_schema(request=asked.NewPlugin, responses={202: None, **HERE, **THERE})
    @plugins.mapping.post
    def install(self, request: Request, pk: Any = None) -> Response:
        """Let a server fetch and install a plugin, in its own time."""
        server = self.get_object()
        services.install_plugin(server, by=request.user, **checked(asked.NewPlugin, request.data))
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(parameters=[NAME], responses={200: said.PluginSerializer, **HERE, **THERE})
    @action(detail=True, url_path=f"plugins/{NAMED}", pagination_class=None)
    def plugin(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """The plugin of this short name, if it is installed."""
        return Response(said.PluginSerializer(services.plugin_of(self.get_object(), name, by=request.user)).data)

    @extend_schema(parameters=[NAME], responses={204: None, **HERE, **THERE})
    @plugin.mapping.delete
    def uninstall(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """Remove a plugin; the server forgets it at its next start."""
        services.uninstall_plugin(self.get_object(), name=name, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={200: said.ViewSerializer(many=True), **HERE, **THERE}, filters=False)
    @action(detail=True)
    def views(self, request: Request, pk: Any = None) -> Response:
        """List the views at the top of a server, with the jobs in them that you may see."""
        return paged(services.views_of(self.get_object(), by=request.user), request, said.ViewSerializer)

    @extend_schema(
        request=asked.NewView,
        responses={201: said.ViewSerializer, **HERE, **THERE, **error_responses(BadName, TakenName, NotHere)},
    )
    @views.mapping.post
    def add_view(self, request: Request, pk: Any = None) -> Response:
        """Make a view at the top of a server, which everybody finds there."""
        server = self.get_object()
        made = services.create_view(server, by=request.user, **checked(asked.NewView, request.data))
        return Response(said.ViewSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[NAME], responses={200: said.ViewSerializer, **HERE, **THERE})
    @action(detail=True, url_path=f"views/{NAMED}", pagination_class=None)
    def view(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """One view."""
        return Response(said.ViewSerializer(services.view_of(self.get_object(), name, by=request.user)).data)

    @extend_schema(parameters=[NAME], responses={200: said.LabelSerializer, **HERE, **THERE})
    @action(detail=True, url_path=f"labels/{NAMED}", pagination_class=None)
    def label(self, request: Request, pk: Any = None, name: str = "") -> Response:
        """The machines that have a label, and the jobs that ask for it."""
        return Response(said.LabelSerializer(services.label_of(self.get_object(), name, by=request.user)).data)

    @extend_schema(parameters=[DIGEST], responses={200: said.FingerprintSerializer, **HERE, **THERE})
    @action(detail=True, url_path="fingerprints/(?P<digest>[0-9A-Fa-f]{32})", pagination_class=None)
    def fingerprint(self, request: Request, pk: Any = None, digest: str = "") -> Response:
        """Which build made the file with this MD5 sum, and which used it; 60006 where the server does not know it."""
        found = services.fingerprint_of(self.get_object(), digest, by=request.user)
        return Response(said.FingerprintSerializer(found).data)

    def _told(self, server: Server, answer: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(server).data, status=answer)
