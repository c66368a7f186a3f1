"""Where providers call back."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.sms import services
from integrations.sms.errors import ReceiptRefused
from integrations.sms.models import Provider
from project.core import context
from project.core.api import error_responses
from project.core.errors import InvalidParameters, NotFound


class ReceiptsAnswerSerializer(serializers.Serializer[None]):
    """What providers want to hear."""

    code = serializers.IntegerField()
    msg = serializers.CharField()


class ReceiptsView(APIView):
    """Where providers call back."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="sms_receipts",
        request={"application/json": {"type": "array", "items": {"type": "object", "additionalProperties": True}}},
        parameters=[
            OpenApiParameter(
                services.SIGNATURE, str, OpenApiParameter.HEADER, description="`sha256=` and the hex HMAC of the body."
            )
        ],
        responses={
            200: ReceiptsAnswerSerializer,
            **error_responses(InvalidParameters, ReceiptRefused, NotFound),
        },
    )
    def post(self, request: Request, key: str) -> Response:
        """Receipts in the provider's own form: signed, or from one of the addresses it is known to call from."""
        provider = Provider.objects.filter(key=key).first()
        if provider is None:
            raise NotFound
        services.take_receipts(provider, request.body, request.headers, context.get_ip())
        # Alibaba wants `code`, Tencent `result`
        return Response({"code": 0, "msg": "OK", "result": 0, "errmsg": "OK"})
