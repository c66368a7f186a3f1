"""Templates over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sms import outlook, services
from integrations.sms.api import template_serializers as told
from integrations.sms.api.permissions import Holds
from integrations.sms.errors import TemplateInUse
from integrations.sms.models import Template
from project.core.api import checked, error_responses
from project.core.errors import InvalidParameters, NoPermission, NotFound

HERE = error_responses(NoPermission, NotFound)
WRITING = error_responses(InvalidParameters, NoPermission, NotFound)


class TemplateViewSet(GenericViewSet[Template]):
    """What text messages say."""

    queryset = Template.objects.all()
    serializer_class = told.TemplateSerializer
    permission_classes = (IsAuthenticated, Holds)
    needs = {
        "list": "sms.view_template",
        "retrieve": "sms.view_template",
        "metadata": "sms.view_template",
        "preview": "sms.view_template",
        "create": "sms.add_template",
        "partial_update": "sms.change_template",
        "destroy": "sms.delete_template",
    }
    lookup_field = lookup_url_kwarg = "key"
    lookup_value_regex = "[A-Za-z0-9_-]{1,40}"

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("texts", "codes__provider")

    @extend_schema(responses={200: told.TemplateSerializer(many=True), **error_responses(NoPermission)})
    def list(self, request: Request) -> Response:
        """List the templates, with what must be sent along and their ids at the providers."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={200: told.TemplateSerializer, **HERE})
    def retrieve(self, request: Request, key: str) -> Response:
        """A template."""
        return self._told(self.get_object())

    @extend_schema(request=told.NewTemplateSerializer, responses={201: told.TemplateSerializer, **WRITING})
    def create(self, request: Request) -> Response:
        """Add a template: one text at least, and the same parameters in each."""
        given = checked(told.NewTemplateSerializer, request.data)
        made = services.change_template(Template(), by=request.user, **given)
        return self._told(self.get_queryset().get(pk=made.pk), status.HTTP_201_CREATED)

    @extend_schema(request=told.TemplateChangeSerializer, responses={200: told.TemplateSerializer, **WRITING})
    def partial_update(self, request: Request, key: str) -> Response:
        """Change a template. While messages of it wait, its parameters stay."""
        template = self.get_object()
        services.change_template(template, by=request.user, **checked(told.TemplateChangeSerializer, request.data))
        return self._told(self.get_object())

    @extend_schema(responses={204: None, **HERE, **error_responses(TemplateInUse)})
    def destroy(self, request: Request, key: str) -> Response:
        """Delete a template that no message was made of."""
        services.delete_template(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=told.PreviewSerializer, responses={200: told.PreviewedSerializer, **WRITING})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, key: str) -> Response:
        """What it would say, and what that would cost; nothing is sent."""
        template = self.get_object()
        given = checked(told.PreviewSerializer, request.data)
        shown = outlook.of_text(template.text_in(given["language"]), given["parameters"])
        return Response(told.PreviewedSerializer(shown).data)

    def _told(self, template: Template, answer: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(template).data, status=answer)
