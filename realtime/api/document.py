"""The AsyncAPI document over HTTP."""

from typing import Any

from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from realtime import asyncapi


class AsyncApiJson(JSONRenderer):
    """Under the document's own media type."""

    media_type = "application/vnd.aai.asyncapi+json"


class AsyncApiYaml(OpenApiYamlRenderer):
    """As YAML."""

    media_type = "application/vnd.aai.asyncapi+yaml"


class AsyncApiView(APIView):
    """What travels on /ws/, for whoever may read the OpenAPI schema."""

    permission_classes = spectacular_settings.SERVE_PERMISSIONS
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer, AsyncApiJson, AsyncApiYaml]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer the document, in the language of Accept-Language."""
        found: dict[str, Any] = asyncapi.document(request.get_host(), secure=request.is_secure())
        return Response(found)
