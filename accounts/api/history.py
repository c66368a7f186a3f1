"""What happened to one thing, over the API."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, history
from project.core.api import error_responses
from project.core.errors import NoPermission


class ChangeSerializer(serializers.Serializer[Any]):
    """One field that changed: from one value to another, or by what was added and taken."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # ours: a field's own `label` stays reachable
    before = serializers.CharField(help_text="Empty: nothing.")
    after = serializers.CharField(help_text="Empty: nothing.")
    added = serializers.ListField(child=serializers.CharField())
    taken = serializers.ListField(child=serializers.CharField())


class ActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="get_full_name")


class HistorySerializer(serializers.Serializer[Any]):
    """One thing that happened; texts in the language of Accept-Language."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField(source="timestamp")
    actor = ActorSerializer(allow_null=True, help_text="null: the product itself, or an operator at the shell.")
    event = serializers.SerializerMethodField(help_text="Its name; empty for a change of fields.")
    text = serializers.SerializerMethodField(help_text="What was done, after the name of who did it.")
    reason = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    request_id = serializers.CharField(source="cid", allow_null=True)

    def get_event(self, entry: Any) -> str:
        return str((entry.additional_data or {}).get("event", ""))

    def get_text(self, entry: Any) -> str:
        return str(import_string(settings.AUDIT_LOOK)(entry).text)

    def get_reason(self, entry: Any) -> str:
        return str((entry.additional_data or {}).get("reason", ""))

    @extend_schema_field(ChangeSerializer(many=True))
    def get_changes(self, entry: Any) -> Any:
        return [change._asdict() for change in self.context["changed"][entry.pk]]


class HistoryMixin(GenericViewSet[Any]):
    """`…/{id}/history`."""

    @extend_schema(
        summary="What happened to it?",
        description=(
            "Newest first, with what was before and after. Needs the permission to view it, and besides either "
            "`auditlog.view_logentry` or the permission to change it."
        ),
        filters=False,
        responses={200: HistorySerializer(many=True), **error_responses(errors.NotSignedIn, "10009", "10008")},
    )
    @action(detail=True, methods=["get"])
    def history(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        if not history.may_see_values(request.user, row):
            raise NoPermission
        page = self.paginate_queryset(history.of(row)) or []
        context = {"changed": history.changed(page)}
        return self.get_paginated_response(HistorySerializer(page, many=True, context=context).data)
