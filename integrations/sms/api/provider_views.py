"""Providers over HTTP. Whoever changes one has proved themselves of late, as in the back office; no machine has."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sms import looks, proof, services
from integrations.sms.api import provider_serializers as told
from integrations.sms.api.permissions import Holds
from integrations.sms.api.serializers import AcceptedSerializer, NothingSerializer
from integrations.sms.errors import BadParameters, UnknownTemplate
from integrations.sms.models import Provider, Template
from project.core.api import checked, error_responses
from project.core.errors import InvalidParameters, NoPermission, NotFound

HERE = error_responses(NoPermission, NotFound)
DANGEROUS = error_responses(InvalidParameters, NoPermission, NotFound, "20008")


class ProviderViewSet(GenericViewSet[Any]):
    """Who carries text messages."""

    queryset = Provider.objects.all()
    serializer_class = told.ProviderSerializer
    permission_classes = (IsAuthenticated, Holds)
    needs = {
        "list": "sms.view_provider",
        "retrieve": "sms.view_provider",
        "metadata": "sms.view_provider",
        "create": "sms.add_provider",
        "partial_update": "sms.change_provider",
        "destroy": "sms.delete_provider",
        "order": "sms.change_provider",
        "check": "sms.change_provider",
        "test": ("sms.send_message", "sms.change_provider"),
    }
    lookup_field = lookup_url_kwarg = "key"
    lookup_value_regex = "[A-Za-z0-9_-]{1,40}"

    @extend_schema(responses={200: told.ProviderSerializer(many=True), **error_responses(NoPermission)})
    def list(self, request: Request) -> Response:
        """List the providers in the order in which they are asked, and how they are."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(services.health(page), many=True).data)

    @extend_schema(responses={200: told.ProviderSerializer, **HERE})
    def retrieve(self, request: Request, key: str) -> Response:
        """A provider, and how it is."""
        return self._told(self.get_object())

    @extend_schema(request=told.NewProviderSerializer, responses={201: told.ProviderSerializer, **DANGEROUS})
    def create(self, request: Request) -> Response:
        """Add a provider; its credentials are sealed and never told. Needs a recent sign-in."""
        proof.ensure(request.auth)
        given = checked(told.NewProviderSerializer, request.data)
        return self._told(services.change_provider(Provider(), by=request.user, **given), status.HTTP_201_CREATED)

    @extend_schema(request=told.ProviderChangeSerializer, responses={200: told.ProviderSerializer, **DANGEROUS})
    def partial_update(self, request: Request, key: str) -> Response:
        """Change a provider, switch it on or off. Needs a recent sign-in."""
        provider = self.get_object()
        proof.ensure(request.auth)
        given = checked(told.ProviderChangeSerializer, request.data)
        return self._told(services.change_provider(provider, by=request.user, **given))

    @extend_schema(responses={204: None, **HERE, **error_responses("20008")})
    def destroy(self, request: Request, key: str) -> Response:
        """Delete a provider; the messages that it carried stay. Needs a recent sign-in."""
        provider = self.get_object()
        proof.ensure(request.auth)
        services.delete_provider(provider, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=told.ProviderOrderSerializer, responses={200: told.ProviderOrderSerializer, **DANGEROUS})
    @action(detail=False, methods=["put"])
    def order(self, request: Request) -> Response:
        """Say in which order providers are asked, naming each once. Needs a recent sign-in."""
        proof.ensure(request.auth)
        ordered = services.order_providers(**checked(told.ProviderOrderSerializer, request.data), by=request.user)
        return Response({"keys": [one.key for one in ordered]})

    @extend_schema(
        request=NothingSerializer,
        responses={200: told.CheckedSerializer, **HERE, **error_responses(InvalidParameters)},
    )
    @action(detail=True, methods=["post"])
    def check(self, request: Request, key: str) -> Response:
        """Ask a provider whether it takes our credentials; nothing is sent. The answer is 200 either way."""
        provider = self.get_object()
        checked(NothingSerializer, request.data)
        found = services.check_provider(provider)
        text = "" if found.ok else looks.in_words(found.code, found.text)
        return Response(told.CheckedSerializer(found._replace(text=text)).data)

    @extend_schema(
        request=told.ProviderTestSerializer,
        responses={202: AcceptedSerializer, **DANGEROUS, **error_responses(UnknownTemplate, BadParameters)},
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, key: str) -> Response:
        """Send a message to your own number, by this provider and no other, also while it is off. Needs a recent sign-in."""
        provider = self.get_object()
        proof.ensure(request.auth)
        given = checked(told.ProviderTestSerializer, request.data)
        template = Template.objects.named(given["template"])
        if template is None:
            raise UnknownTemplate(given["template"])
        message = services.send_test(provider, template=template, by=request.user, reason=given["reason"])
        return Response(AcceptedSerializer(message).data, status=status.HTTP_202_ACCEPTED)

    def _told(self, provider: Provider, answer: int = status.HTTP_200_OK) -> Response:
        (health,) = services.health([provider])
        return Response(self.get_serializer(health).data, status=answer)
