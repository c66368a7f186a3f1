"""What the shield refused, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sms import looks
from integrations.sms.api.permissions import Holds
from integrations.sms.models import Refusal, VerificationCode
from project.core.api import StrictSerializer, error_responses, query_of
from project.core.errors import InvalidParameters, NoPermission, NotFound

LOOKUPS = {"limit": "limit", "purpose": "purpose", "ip": "ip", "since": "created_at__gte", "until": "created_at__lt"}


class RefusalSerializer(serializers.ModelSerializer[Refusal]):
    """A code that was asked for and not sent."""

    limit_text = serializers.CharField(source="get_limit_display")
    phone = serializers.SerializerMethodField(help_text="Masked without `sms.view_phone`.")
    user = serializers.IntegerField(source="person_id", allow_null=True, help_text="Who was signed in and asked.")

    class Meta:
        model = Refusal
        fields = (
            "id",
            "created_at",
            "limit",
            "limit_text",
            "rate",
            "phone",
            "purpose",
            "ip",
            "network",
            "user",
            "opens_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_phone(self, refusal: Refusal) -> str:
        return looks.phone(refusal.phone, self.context["request"].user)


class RefusalQuerySerializer(StrictSerializer):
    """How the refusals may be narrowed; newest first."""

    limit = serializers.ChoiceField(Refusal.Limit.choices, required=False)
    purpose = serializers.ChoiceField(VerificationCode.Purpose.choices, required=False)
    ip = serializers.IPAddressField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Without this moment itself.")


class RefusalViewSet(mixins.RetrieveModelMixin, GenericViewSet[Refusal]):
    """Codes that were refused."""

    queryset = Refusal.objects.all()
    serializer_class = RefusalSerializer
    permission_classes = (IsAuthenticated, Holds)
    needs = dict.fromkeys(("list", "retrieve", "metadata"), "sms.view_refusal")
    lookup_value_regex = r"[0-9]{1,18}"

    @extend_schema(
        operation_id="sms_refusals_list",
        tags=["sms"],
        parameters=[RefusalQuerySerializer],
        responses={200: RefusalSerializer(many=True), **error_responses(InvalidParameters, NoPermission)},
    )
    def list(self, request: Request) -> Response:
        """List codes that were refused, and which limit said so, narrowed by any of the parameters together."""
        given = query_of(RefusalQuerySerializer, request)
        found = self.get_queryset().filter(**{LOOKUPS[name]: value for name, value in given.items()})
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="sms_refusals_read",
        tags=["sms"],
        responses={200: RefusalSerializer, **error_responses(NoPermission, NotFound)},
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A code that was refused."""
        return super().retrieve(request, *args, **kwargs)
