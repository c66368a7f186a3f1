"""Jobs and folders, and what waits in queues."""

from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.jenkins import errors, jobxml, rights, services
from integrations.jenkins.api import asked, said
from integrations.jenkins.api import fields as told
from integrations.jenkins.api.permissions import SUPERUSERS
from integrations.jenkins.api.views import HERE, KEY, PEOPLE, THERE, Views, one, server_of
from integrations.jenkins.models import Job, JobQuerySet, Server
from project.core import idempotency
from project.core.api import checked, error_responses, query_of

SEE = ("jenkins.view_job",)
BUILD = ("jenkins.view_job", "jenkins.build_job")
CONFIGURE = ("jenkins.view_job", "jenkins.configure_job")
STOP = ("jenkins.view_job", "jenkins.build_job", "jenkins.stop_build")
TAKEN = error_responses(errors.BadName, errors.BadXml, errors.TakenName)
ONCE = error_responses(idempotency.StillRunning, idempotency.KeyReused)


class JobViewSet(Views):
    """Jobs and folders that you may see, as their servers last told of them."""

    queryset = Job.objects.none()
    needs = {
        "list": SEE, "retrieve": SEE, "metadata": SEE, "build": BUILD, "numbers": SEE, "number": SEE, "last_log": SEE, "approval": SUPERUSERS,
        **dict.fromkeys(("create", "destroy", "config", "configure", "diff", "rename", "copy", "switch"), CONFIGURE),
    }  # fmt: skip

    def get_queryset(self) -> JobQuerySet:
        if self.is_schema:
            return Job.objects.none()
        return rights.jobs_of(self.request.user).select_related("server")

    def get_serializer_class(self) -> Any:
        return told.JobSerializer if self.action == "list" else told.JobDetailSerializer

    @extend_schema(parameters=[asked.JobQuery], responses={200: told.JobSerializer(many=True), **HERE})
    def list(self, request: Request) -> Response:
        """List jobs and folders, narrowed by any of the parameters together; asks no server."""
        given = query_of(asked.JobQuery, request)
        rows = self.get_queryset().present()
        for name in ("server", "folder", "status"):
            if name in given:
                rows = rows.filter(**{name: given[name]})
        if "search" in given:
            rows = rows.filter(full_name__icontains=given["search"])
        return self.paged(rows if given["folders"] else rows.only_jobs())

    @extend_schema(responses={200: told.JobDetailSerializer, **HERE})
    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One job, with what it asks for and who must approve its builds."""
        return self._told(self.get_object())

    @extend_schema(request=asked.NewJob, responses={201: told.JobDetailSerializer, **HERE, **THERE, **TAKEN})
    def create(self, request: Request) -> Response:
        """Create a job, from its XML or from a template."""
        given = checked(asked.NewJob, request.data)
        server = server_of(given)
        template = given.pop("template", None)
        xml = given.pop("xml", None) or jobxml.TEMPLATES[template].xml
        made = services.create_job(server, xml=xml, by=request.user, **given)
        return self._told(made, status.HTTP_201_CREATED)

    @extend_schema(request=asked.Typed, responses={204: None, **HERE, **THERE})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete a job, or a folder with all that is in it: send its full name as `name`."""
        job = self.get_object()
        services.delete_job(job, typed=checked(asked.Typed, request.data)["name"], by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=asked.NewBuild,
        parameters=[KEY],
        responses={
            202: told.BuildAcceptedSerializer,
            **HERE,
            **ONCE,
            **error_responses(errors.BadParameters, errors.NotHere),
        },
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def build(self, request: Request, pk: Any = None) -> Response:
        """Ask for a build: it starts at once, or waits for a second person where the job wants one."""
        job = self.get_object()
        given = checked(asked.NewBuild, request.data)
        parameters = given.pop("parameters")
        key = request.headers.get(idempotency.HEADER, "")
        build = services.ask(job=job, by=request.user, given=parameters, key=key, **given)
        return Response(told.BuildAcceptedSerializer(build).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="jenkins_jobs_numbers_list", responses={200: said.NumbersSerializer, **HERE, **THERE})
    @action(detail=True, pagination_class=None)
    def numbers(self, request: Request, pk: Any = None) -> Response:
        """The numbers of all builds that the server keeps, whoever asked for them; the newest first."""
        return Response({"numbers": services.numbers_of(self.get_object(), by=request.user)})

    @extend_schema(
        parameters=[OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={200: said.RunSerializer, **HERE, **THERE},
    )
    @action(detail=True, url_path="numbers/(?P<number>[0-9]{1,9})", pagination_class=None)
    def number(self, request: Request, pk: Any = None, number: str = "0") -> Response:
        """One of these builds, as Jenkins tells of it."""
        found = services.build_at(self.get_object(), int(number), by=request.user)
        return Response(said.RunSerializer(found).data)

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR, **HERE, **THERE})
    @action(detail=True, url_path="last-log", pagination_class=None)
    def last_log(self, request: Request, pk: Any = None) -> HttpResponse:
        """What the last build wrote, whoever asked for it; 60005 beyond 5 MB."""
        text = services.last_log(self.get_object(), by=request.user)
        return HttpResponse(
            text, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
        )

    @extend_schema(responses={200: said.ConfigSerializer, **HERE, **THERE})
    @action(detail=True)
    def config(self, request: Request, pk: Any = None) -> Response:
        """The XML of a job as it is at this moment."""
        return Response({"xml": services.xml_of(self.get_object(), by=request.user)})

    @extend_schema(request=asked.Xml, responses={200: told.JobDetailSerializer, **HERE, **THERE, **TAKEN})
    @config.mapping.put
    def configure(self, request: Request, pk: Any = None) -> Response:
        """Configure a job anew."""
        job = self.get_object()
        return self._told(services.update_job(job, by=request.user, **checked(asked.Xml, request.data)))

    @extend_schema(request=asked.Xml, responses={200: said.DiffSerializer, **HERE, **THERE, **TAKEN})
    @action(detail=True, methods=["post"])
    def diff(self, request: Request, pk: Any = None) -> Response:
        """What another XML would change, as lines of a unified diff; changes nothing."""
        job = self.get_object()
        lines = services.difference(job, by=request.user, **checked(asked.Xml, request.data))
        return Response({"lines": lines})

    @extend_schema(request=asked.NewName, responses={200: told.JobDetailSerializer, **HERE, **THERE, **TAKEN})
    @action(detail=True, methods=["post"])
    def rename(self, request: Request, pk: Any = None) -> Response:
        """Give a job or folder another name; approval and rules go along."""
        job = self.get_object()
        return self._told(services.rename_job(job, by=request.user, **checked(asked.NewName, request.data)))

    @extend_schema(request=asked.NewPlace, responses={201: told.JobDetailSerializer, **HERE, **THERE, **TAKEN})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: Any = None) -> Response:
        """Make a job like another; if that wants approval, the copy does too."""
        job = self.get_object()
        made = services.copy_job(job, by=request.user, **checked(asked.NewPlace, request.data))
        return self._told(made, status.HTTP_201_CREATED)

    @extend_schema(request=asked.Switch, responses={200: told.JobDetailSerializer, **HERE, **THERE})
    @action(detail=True, methods=["post"], url_path="enable")
    def switch(self, request: Request, pk: Any = None) -> Response:
        """Let a job be built, or not any more."""
        job = self.get_object()
        return self._told(services.enable_job(job, by=request.user, **checked(asked.Switch, request.data)))

    @extend_schema(request=asked.Approval, responses={200: told.JobDetailSerializer, **HERE}, auth=PEOPLE)
    @action(detail=True, methods=["put"])
    def approval(self, request: Request, pk: Any = None) -> Response:
        """Say whether builds of a job, or of all jobs in a folder, want a second person."""
        job = self.get_object()
        given = checked(asked.Approval, request.data)
        role = given.pop("role", None)
        group = None if role is None else one(Group.objects.all(), role, "role")
        return self._told(services.want_approval(job, role=group, by=request.user, **given))

    def _told(self, job: Job, answer: int = status.HTTP_200_OK) -> Response:
        return Response(told.JobDetailSerializer(job, context=self.get_serializer_context()).data, status=answer)


class FolderViewSet(Views):
    """Folders of jobs."""

    queryset = Job.objects.none()
    serializer_class = told.JobDetailSerializer
    needs = {"create": CONFIGURE, "metadata": SEE}

    @extend_schema(request=asked.NewFolder, responses={201: told.JobDetailSerializer, **HERE, **THERE, **TAKEN})
    def create(self, request: Request) -> Response:
        """Create a folder, in another where one is given."""
        given = checked(asked.NewFolder, request.data)
        made = services.create_folder(server_of(given), by=request.user, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


class QueueViewSet(Views):
    """What waits in the queue of a server, of jobs that you may see."""

    queryset = Server.objects.none()
    serializer_class = said.WaitingSerializer
    lookup_url_kwarg = "item"
    needs = {"list": SEE, "retrieve": SEE, "metadata": SEE, "destroy": BUILD, "clear": STOP}

    @extend_schema(parameters=[asked.OneServer], responses={200: said.WaitingSerializer(many=True), **HERE, **THERE})
    def list(self, request: Request) -> Response:
        """List what waits, why, and who asked for it."""
        found = services.queue_of(server_of(query_of(asked.OneServer, request)), by=request.user)
        return self.paged(found)

    @extend_schema(
        parameters=[asked.OneServer, OpenApiParameter("item", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={200: said.WaitingSerializer, **HERE, **THERE},
    )
    def retrieve(self, request: Request, item: int) -> Response:
        """One that waits."""
        found = services.item_of(server_of(query_of(asked.OneServer, request)), int(item), by=request.user)
        return Response(self.get_serializer(found).data)

    @extend_schema(
        parameters=[asked.OneServer, OpenApiParameter("item", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={204: None, **HERE, **THERE},
    )
    def destroy(self, request: Request, item: int) -> Response:
        """Take one out of the queue: what you asked for, or with `jenkins.stop_build` anybody's."""
        services.cancel_item(server_of(query_of(asked.OneServer, request)), int(item), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="jenkins_queue_clear",
        parameters=[asked.OneServer],
        responses={200: said.CancelledSerializer, **HERE, **THERE},
    )
    def clear(self, request: Request) -> Response:
        """Take everything out of the queue that you may; the numbers of what was there."""
        done = services.cancel_all(server_of(query_of(asked.OneServer, request)), by=request.user)
        return Response({"cancelled": done})
