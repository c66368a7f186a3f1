"""Imports and exports over HTTP. One sees one's own; a superuser sees everybody's."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sheets import memory, services
from integrations.sheets.api import serializers as told
from integrations.sheets.errors import (
    ExportFailed,
    FileTooLarge,
    ImportFailed,
    NotInThisState,
    TooManyExports,
    UndoOver,
    UnreadableFile,
)
from integrations.sheets.models import ColumnSet, ExportJob, ImportJob
from project.core.api import StrictJSONParser, StrictSerializer, error_responses, paged, query_of
from project.core.errors import InvalidParameters, NoPermission, NotFound

FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


def asked(kind: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Return what was sent, checked.

    :raises ValidationError: naming every field that is wrong.
    """
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class _Jobs(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    lookup_value_converter = "uuid"
    model: type[Any]

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return services.visible(self.model, self.request.user)


class ImportViewSet(_Jobs):
    """Files on their way in."""

    model = ImportJob
    queryset = ImportJob.objects.none()

    def get_serializer_class(self) -> Any:
        return told.ImportSerializer if self.action == "list" else told.ImportDetailSerializer

    def get_parsers(self) -> list[Any]:
        # multipart is for files alone; everything else is JSON
        uploads = self.action_map.get("post") == "create"
        return [MultiPartParser(), FormParser()] if uploads else [StrictJSONParser()]

    @extend_schema(
        request={"multipart/form-data": told.UploadSerializer},
        responses={
            202: told.ImportDetailSerializer,
            **error_responses(InvalidParameters, NoPermission, UnreadableFile, FileTooLarge),
        },
    )
    def create(self, request: Request) -> Response:
        """Upload a file; it is read in the background. State `ready` waits for `confirm`."""
        given = asked(told.UploadSerializer, request.data)
        job = services.start_import(resource=given["resource"], file=given["file"], mode=given["mode"], by=request.user)
        return self._told(job, status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=told.MappingSerializer,
        responses={202: told.ImportDetailSerializer, **error_responses(InvalidParameters, NotFound, NotInThisState)},
    )
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Match the columns by hand: `{"mapping": {"A": "username", "C": null}}`; the file is read again."""
        job = self.get_object()
        given = asked(told.MappingSerializer, request.data)
        return self._told(services.remap(job, mapping=given["mapping"], by=request.user), status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=told.ConfirmSerializer,
        responses={
            202: told.ImportDetailSerializer,
            **error_responses(ImportFailed, InvalidParameters, NotFound, NotInThisState),
        },
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: Any = None) -> Response:
        """Have the checked rows written."""
        job = self.get_object()
        given = asked(told.ConfirmSerializer, request.data)
        services.ensure_proven(job, request.auth)
        services.confirm(job, by=request.user, mode=given.get("mode", ""), invite=given["invite"])
        return self._told(job, status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=told.NothingSerializer,
        responses={202: told.ImportDetailSerializer, **error_responses(NotFound, NotInThisState)},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Stop. What was written already is taken back; an undo stops where it is."""
        job = self.get_object()
        asked(told.NothingSerializer, request.data)
        return self._told(services.cancel(job, by=request.user), status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=told.UndoSerializer,
        responses={
            202: told.ImportDetailSerializer,
            **error_responses(InvalidParameters, NoPermission, NotFound, NotInThisState, UndoOver),
        },
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: Any = None) -> Response:
        """Take a finished import back; state `undone` is the end of it.

        Rows that were touched since, or are in use, are never changed. When there are some, mode `all` (the default)
        changes nothing: the import is `done` again and `undo` says which and why; mode `rest` undoes the others.
        Mode `check` only looks.
        """
        job = self.get_object()
        given = asked(told.UndoSerializer, request.data)
        services.ensure_proven(job, request.auth)
        return self._told(services.undo(job, by=request.user, mode=given["mode"]), status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[told.PreviewQuerySerializer],
        responses={200: told.PreviewRowSerializer(many=True), **error_responses(InvalidParameters, NotFound)},
    )
    @action(detail=True, methods=["get"])
    def preview(self, request: Request, pk: Any = None) -> Response:
        """The checked rows, a page at a time, by kind; `changes` has old and new of each cell."""
        job = self.get_object()
        given = query_of(told.PreviewQuerySerializer, request)
        return paged(services.PreviewedRows(job, given["kind"], given["search"]), request, told.PreviewRowSerializer)

    @extend_schema(responses={**FILE, **error_responses(NotFound)})
    @action(detail=True, methods=["get"], url_path=r"errors\.xlsx", url_name="errors", pagination_class=None)
    def errors(self, request: Request, pk: Any = None) -> FileResponse:
        """The rows with the reasons in the margin, ready to be corrected and uploaded again."""
        return services.errors_workbook(self.get_object())

    @extend_schema(
        parameters=[OpenApiParameter("resource", str, required=True)],
        responses={**FILE, **error_responses(InvalidParameters, NoPermission)},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def template(self, request: Request) -> FileResponse:
        """An empty workbook with headers, notes and drop-downs."""
        given = asked(told.ResourceQuerySerializer, request.query_params.dict())
        return services.template(given["resource"], by=request.user)

    @extend_schema(
        parameters=[OpenApiParameter("resource", str, required=True)],
        responses={200: told.MatchSerializer(many=True), **error_responses(InvalidParameters)},
    )
    @action(detail=False, methods=["get"])
    def matches(self, request: Request) -> Response:
        """What you matched by hand before: it counts for your next file in which these headers stand."""
        given = query_of(told.ResourceQuerySerializer, request)
        return paged(memory.of(request.user, given["resource"]), request, told.MatchSerializer)

    @extend_schema(
        parameters=[OpenApiParameter("resource", str, required=True)],
        responses={204: None, **error_responses(InvalidParameters)},
    )
    @matches.mapping.delete
    def forget_matches(self, request: Request) -> Response:
        """Forget what you matched by hand."""
        given = asked(told.ResourceQuerySerializer, request.query_params.dict())
        memory.forget(request.user, given["resource"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _told(self, job: ImportJob, answer: int) -> Response:
        return Response(told.ImportDetailSerializer(job).data, status=answer)


class ExportViewSet(_Jobs):
    """Lists on their way out."""

    model = ExportJob
    queryset = ExportJob.objects.none()
    serializer_class = told.ExportSerializer

    @extend_schema(
        request=told.ExportRequestSerializer,
        responses={
            202: told.ExportSerializer,
            **error_responses(InvalidParameters, NoPermission, NotFound, TooManyExports),
        },
    )
    def create(self, request: Request) -> Response:
        """Start an export; it is written in the background."""
        given = asked(told.ExportRequestSerializer, request.data)
        columns = given.get("columns", [])
        if "column_set" in given:
            columns = _one(services.column_sets(request.user, given["resource"]), given["column_set"]).columns
        job = services.start_export(
            resource=given["resource"],
            by=request.user,
            columns=columns,
            filters=given.get("filters", {}),
            kind=given["format"],
        )
        return Response(self.get_serializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=told.NothingSerializer,
        responses={202: told.ExportSerializer, **error_responses(NotFound, NotInThisState)},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Stop."""
        job = self.get_object()
        asked(told.NothingSerializer, request.data)
        services.cancel_export(job, by=request.user)
        return Response(self.get_serializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[told.DownloadQuerySerializer],
        responses={**FILE, **error_responses(NoPermission, NotFound, NotInThisState, ExportFailed)},
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def download(self, request: Request, pk: Any = None) -> FileResponse:
        """The file of a finished export, for who asked for it."""
        given = asked(told.DownloadQuerySerializer, request.query_params.dict())
        return services.download(self.get_object(), by=request.user, link=given.get("link"))


class ColumnSetViewSet(GenericViewSet[ColumnSet]):
    """Columns that one takes out again and again, under names. One sees one's own."""

    queryset = ColumnSet.objects.none()
    serializer_class = told.ColumnSetSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    @extend_schema(
        parameters=[told.ColumnSetQuerySerializer],
        responses={200: told.ColumnSetSerializer(many=True), **error_responses(InvalidParameters)},
    )
    def list(self, request: Request) -> Response:
        """List one's sets, of one resource or of all."""
        given = query_of(told.ColumnSetQuerySerializer, request)
        page = self.paginate_queryset(services.column_sets(request.user, given.get("resource", "")))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=told.ColumnSetSerializer,
        responses={201: told.ColumnSetSerializer, **error_responses(InvalidParameters, NoPermission)},
    )
    def create(self, request: Request) -> Response:
        """Keep columns under a name; a set of this name is replaced."""
        kept = services.save_columns(by=request.user, **asked(told.ColumnSetSerializer, request.data))
        return Response(self.get_serializer(kept).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None, **error_responses(NotFound)})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a set."""
        _one(services.column_sets(request.user), pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _one(rows: Any, pk: Any) -> Any:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
