"""Builds, schedules and rules."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.jenkins import errors, rights, services
from integrations.jenkins.api import asked, said
from integrations.jenkins.api import fields as told
from integrations.jenkins.api.jobs import BUILD, ONCE, SEE
from integrations.jenkins.api.permissions import SUPERUSERS
from integrations.jenkins.api.views import HERE, KEY, PEOPLE, THERE, Views, one, server_of
from integrations.jenkins.downloads import artifact_file, log_file
from integrations.jenkins.models import Build, BuildQuerySet, Rule, Schedule, ScheduleQuerySet
from project.core import idempotency
from project.core.api import checked, error_responses, paged, query_of

APPROVE = ("jenkins.view_job", "jenkins.approve_build")
DECIDED = error_responses(errors.SecondPersonNeeded, errors.NotInThisState, errors.TooLateForApproval, errors.NotHere)
FETCHED = error_responses(errors.FileElsewhere, errors.EndUnknown)


class BuildViewSet(Views):
    """Builds that people asked for, of jobs that you may see."""

    queryset = Build.objects.none()
    serializer_class = told.BuildSerializer
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    lookup_value_converter = "uuid"
    needs = {
        "list": SEE, "retrieve": SEE, "metadata": SEE, "log": SEE, "download": SEE, "artifacts": SEE, "artifact": SEE, "approve": APPROVE, "reject": APPROVE,
        "stop": BUILD, "again": BUILD,
    }  # fmt: skip

    def get_queryset(self) -> BuildQuerySet:
        if self.is_schema:
            return Build.objects.none()
        return rights.builds_of(self.request.user).select_related(
            "job", "server", "created_by", "decided_by", "stopped_by", "job__server"
        )

    @extend_schema(parameters=[asked.BuildQuery], responses={200: told.BuildSerializer(many=True), **HERE})
    def list(self, request: Request) -> Response:
        """List builds, newest first, narrowed by any of the parameters together."""
        given = query_of(asked.BuildQuery, request)
        rows = self.get_queryset().filter(**{name: given[name] for name in ("server", "job", "state") if name in given})
        return self.paged(rows.filter(created_by=request.user.pk) if given["mine"] else rows)

    @extend_schema(responses={200: told.BuildSerializer, **HERE})
    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One build."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=asked.Consent, responses={202: told.BuildAcceptedSerializer, **HERE, **DECIDED})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: Any = None) -> Response:
        """Let a build start that somebody else asked for."""
        build = self.get_object()
        return self._accepted(services.approve(build, by=request.user, **checked(asked.Consent, request.data)))

    @extend_schema(request=asked.Refusal, responses={202: told.BuildAcceptedSerializer, **HERE, **DECIDED})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: Any = None) -> Response:
        """Refuse a build that somebody else asked for, and say why."""
        build = self.get_object()
        return self._accepted(services.reject(build, by=request.user, **checked(asked.Refusal, request.data)))

    @extend_schema(
        request=asked.Nothing,
        responses={
            202: told.BuildAcceptedSerializer,
            **HERE,
            **THERE,
            **error_responses(errors.NotInThisState, errors.NotHere),
        },
    )
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: Any = None) -> Response:
        """Withdraw a build, take it out of the queue, or stop what runs."""
        build = self.get_object()
        checked(asked.Nothing, request.data)
        return self._accepted(services.stop(build, by=request.user))

    @extend_schema(
        request=asked.BuildAgain,
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
    def again(self, request: Request, pk: Any = None) -> Response:
        """Ask for a build with the same parameters; secret ones and files must be sent anew."""
        build = self.get_object()
        given = checked(asked.BuildAgain, request.data)
        key = request.headers.get(idempotency.HEADER, "")
        secrets = given.pop("parameters")
        return self._accepted(services.ask_again(build, by=request.user, secrets=secrets, key=key, **given))

    @extend_schema(parameters=[asked.LogQuery], responses={200: told.LogSerializer, **HERE, **THERE})
    @action(detail=True, pagination_class=None)
    def log(self, request: Request, pk: Any = None) -> Response:
        """The log of a build from `start` on, up to 256 KB; whole lines while more follows."""
        build = self.get_object()
        return Response(services.log_part(build, query_of(asked.LogQuery, request)["start"]))

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.BINARY, **HERE, **THERE})
    @action(detail=True, url_path="log/download", pagination_class=None)
    def download(self, request: Request, pk: Any = None) -> StreamingHttpResponse:
        """The log of a build as a file, as far as it is here."""
        build = self.get_object()
        return log_file(request, build)

    @extend_schema(responses={200: said.ArtifactSerializer(many=True), **HERE}, filters=False)
    @action(detail=True)
    def artifacts(self, request: Request, pk: Any = None) -> Response:
        """List the files that a build left, once it is over; asks no server."""
        found = [{"path": one, "name": one.rpartition("/")[2]} for one in self.get_object().artifacts]
        return paged(found, request, said.ArtifactSerializer)

    @extend_schema(
        parameters=[asked.ArtifactQuery],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **HERE, **THERE, **FETCHED},
    )
    @action(detail=True, url_path="artifacts/download", pagination_class=None)
    def artifact(self, request: Request, pk: Any = None) -> StreamingHttpResponse:
        """One of these files, as Jenkins has it."""
        build = self.get_object()
        return artifact_file(request, build, query_of(asked.ArtifactQuery, request)["path"])

    def _accepted(self, build: Build) -> Response:
        return Response(told.BuildAcceptedSerializer(build).data, status=status.HTTP_202_ACCEPTED)


class ScheduleViewSet(Views):
    """Builds at a time, or again and again, of jobs that you may see."""

    queryset = Schedule.objects.none()
    serializer_class = told.ScheduleSerializer
    needs = {
        "list": SEE, "retrieve": SEE, "metadata": SEE, "create": BUILD, "partial_update": BUILD, "destroy": BUILD,
    }  # fmt: skip

    def get_queryset(self) -> ScheduleQuerySet:
        return Schedule.objects.none() if self.is_schema else services.schedules_of(self.request.user)

    @extend_schema(responses={200: told.ScheduleSerializer(many=True), **HERE})
    def list(self, request: Request) -> Response:
        """List schedules, with their next runs and what was missed."""
        return self.paged(self.get_queryset())

    @extend_schema(responses={200: told.ScheduleSerializer, **HERE})
    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """One schedule."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=asked.NewSchedule,
        parameters=[KEY],
        responses={
            201: told.ScheduleSerializer,
            **HERE,
            **ONCE,
            **error_responses(errors.BadParameters, errors.NotHere),
        },
    )
    @idempotency.once
    def create(self, request: Request) -> Response:
        """Schedule builds of a job, once (`at`) or again and again (`cron`)."""
        given = checked(asked.NewSchedule, request.data)
        job = one(rights.jobs_of(request.user), given.pop("job"), "job")
        made = services.plan(job=job, by=request.user, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=asked.ScheduleChange,
        responses={200: told.ScheduleSerializer, **HERE, **error_responses(errors.BadParameters, errors.NotHere)},
    )
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change a schedule; from then on its builds are yours."""
        schedule = self.get_object()
        changed = services.replan(schedule, by=request.user, **checked(asked.ScheduleChange, request.data))
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses={204: None, **HERE})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Forget a schedule that is yours, or of a job that you may configure."""
        services.unplan(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RuleViewSet(Views):
    """Who may do what in which folder; for superusers alone."""

    queryset = Rule.objects.all()
    serializer_class = told.RuleSerializer
    needs = dict.fromkeys(("list", "retrieve", "metadata", "create", "update", "destroy"), SUPERUSERS)

    @extend_schema(responses={200: told.RuleSerializer(many=True), **HERE}, auth=PEOPLE)
    def list(self, request: Request) -> Response:
        """List the rules."""
        return self.paged(self.get_queryset())

    @extend_schema(request=asked.NewRule, responses={201: told.RuleSerializer, **HERE}, auth=PEOPLE)
    def create(self, request: Request) -> Response:
        """Open a folder to a role or a person, and close it to everybody else."""
        given = checked(asked.NewRule, request.data)
        rule = Rule(server=server_of(given))
        return self._written(rule, given, status.HTTP_201_CREATED)

    @extend_schema(request=asked.RuleChange, responses={200: told.RuleSerializer, **HERE}, auth=PEOPLE)
    def update(self, request: Request, pk: Any = None) -> Response:
        """Change a rule."""
        return self._written(self.get_object(), checked(asked.RuleChange, request.data), status.HTTP_200_OK)

    @extend_schema(responses={204: None, **HERE}, auth=PEOPLE)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Do without a rule."""
        services.delete_rule(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _written(self, rule: Rule, given: dict[str, Any], answer: int) -> Response:
        role, person = given.pop("role"), given.pop("person")
        rule.role = None if role is None else one(Group.objects.all(), role, "role")
        rule.person = None if person is None else one(get_user_model()._default_manager.all(), person, "person")
        for name, value in given.items():
            setattr(rule, name, value)
        return Response(self.get_serializer(services.write_rule(rule, by=self.request.user)).data, status=answer)
