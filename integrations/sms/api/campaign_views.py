"""Campaigns over HTTP. One sees one's own; who reaches everybody sees all."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sheets.errors import FileTooLarge, UnreadableFile
from integrations.sheets.writer import CONTENT_TYPES
from integrations.sms import campaigns
from integrations.sms.api import campaign_serializers as told
from integrations.sms.api.message_views import KEY
from integrations.sms.api.permissions import Holds
from integrations.sms.api.serializers import NothingSerializer
from integrations.sms.errors import BadParameters, NotInThisState, UnknownTemplate
from integrations.sms.models import Campaign, CampaignQuerySet, Template
from project.core import idempotency
from project.core.api import StrictJSONParser, checked, error_responses, query_of
from project.core.errors import InvalidParameters, NoPermission, NotFound

BEGINNING = {
    202: told.CampaignDetailSerializer,
    **error_responses(InvalidParameters, NoPermission, UnknownTemplate, BadParameters),
    **error_responses(idempotency.StillRunning, idempotency.KeyReused),
}


class CampaignViewSet(mixins.RetrieveModelMixin, GenericViewSet[Campaign]):
    """Text messages to many."""

    queryset = Campaign.objects.none()
    permission_classes = (IsAuthenticated, Holds)
    needs = {
        "list": "sms.view_campaign",
        "retrieve": "sms.view_campaign",
        "recipients": "sms.view_campaign",
        "create": "sms.send_campaign",
        "upload": "sms.send_campaign",
        "sheet": "sms.send_campaign",
        "confirm": "sms.send_campaign",
        "stop": "sms.send_campaign",
        "metadata": "sms.view_campaign",
    }
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> CampaignQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Campaign.objects.none()
        seen = Campaign.objects.seen_by(self.request.user)
        return seen.select_related("template", "created_by", "confirmed_by")

    def get_serializer_class(self) -> Any:
        return told.CampaignSerializer if self.action == "list" else told.CampaignDetailSerializer

    def get_parsers(self) -> list[Any]:
        # multipart is for files alone; everything else is JSON
        uploads = self.action_map.get("post") == "upload"
        return [MultiPartParser(), FormParser()] if uploads else [StrictJSONParser()]

    @extend_schema(
        parameters=[told.CampaignQuerySerializer],
        responses={200: told.CampaignSerializer(many=True), **error_responses(InvalidParameters, NoPermission)},
    )
    def list(self, request: Request) -> Response:
        """List campaigns."""
        page = self.paginate_queryset(self.get_queryset().filter(**query_of(told.CampaignQuerySerializer, request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={200: told.CampaignDetailSerializer, **error_responses(NoPermission, NotFound)})
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A campaign, and how far it got."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=told.CampaignBeginSerializer, parameters=[KEY], responses=BEGINNING)
    @idempotency.once
    def create(self, request: Request) -> Response:
        """Begin a campaign to people or numbers; it is counted in the background. State `ready` waits for `confirm`."""
        given = checked(told.CampaignBeginSerializer, request.data)
        people, rows = given.pop("people", []), given.pop("recipients", [])
        if people:
            campaign = campaigns.start_from_people(ids=people, by=request.user, **given)
        else:
            numbers = [(one["phone"], one["parameters"]) for one in rows]
            campaign = campaigns.start_from_rows(rows=numbers, by=request.user, **given)
        return self._told(campaigns.prepare(campaign, by=request.user))

    @extend_schema(
        request={"multipart/form-data": told.CampaignUploadSerializer},
        parameters=[KEY],
        responses={**BEGINNING, **error_responses(UnreadableFile, FileTooLarge)},
    )
    @action(detail=False, methods=["post"])
    @idempotency.once
    def upload(self, request: Request) -> Response:
        """Begin a campaign to the rows of a sheet; likewise."""
        given = checked(told.CampaignUploadSerializer, request.data)
        campaign = campaigns.start_from_sheet(by=request.user, **given)
        return self._told(campaigns.prepare(campaign, by=request.user))

    @extend_schema(
        parameters=[told.CampaignSheetSerializer],
        responses={
            (200, CONTENT_TYPES["xlsx"]): OpenApiTypes.BINARY,
            **error_responses(InvalidParameters, NoPermission, UnknownTemplate),
        },
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def sheet(self, request: Request) -> FileResponse:
        """An empty workbook with the columns that an upload needs."""
        given = query_of(told.CampaignSheetSerializer, request)
        template = Template.objects.named(given["template"])
        if template is None or not template.by_hand:
            raise UnknownTemplate(given["template"])
        return campaigns.empty_sheet(template, given["filled"].split(","))

    @extend_schema(
        request=told.CampaignConfirmSerializer,
        responses={
            202: told.CampaignDetailSerializer,
            **error_responses(InvalidParameters, NoPermission, NotFound, NotInThisState),
        },
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: Any = None) -> Response:
        """Have it sent."""
        campaign: Campaign = self.get_object()
        given = checked(told.CampaignConfirmSerializer, request.data)
        return self._told(campaigns.confirm(campaign, by=request.user, good=given.get("recipients")))

    @extend_schema(
        request=NothingSerializer,
        responses={202: told.CampaignDetailSerializer, **error_responses(NoPermission, NotFound, NotInThisState)},
    )
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: Any = None) -> Response:
        """Stop: what is not on its way yet is not sent. Before it is confirmed that discards it."""
        campaign: Campaign = self.get_object()
        checked(NothingSerializer, request.data)
        return self._told(campaigns.stop(campaign, by=request.user))

    @extend_schema(
        parameters=[told.RecipientQuerySerializer],
        responses={
            200: told.RecipientSerializer(many=True),
            **error_responses(InvalidParameters, NoPermission, NotFound),
        },
    )
    @action(detail=True, methods=["get"])
    def recipients(self, request: Request, pk: Any = None) -> Response:
        """Its recipients with what became of their messages, or those that are left out and why."""
        campaign: Campaign = self.get_object()
        left_out = query_of(told.RecipientQuerySerializer, request)["left_out"]
        rows = campaign.recipients.select_related("message")
        found = rows.exclude(problem="") if left_out else rows.filter(problem="")
        page: Any = self.paginate_queryset(found)  # type: ignore[arg-type]  # of another model than its own
        shown = told.RecipientSerializer(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    def _told(self, campaign: Campaign) -> Response:
        return Response(told.CampaignDetailSerializer(campaign).data, status=status.HTTP_202_ACCEPTED)
