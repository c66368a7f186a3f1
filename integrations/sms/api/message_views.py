"""Text messages over HTTP. One sees those to people in one's scope, and those one asked for."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.sms import people, phones, services
from integrations.sms.api import serializers as told
from integrations.sms.api.permissions import Holds
from integrations.sms.errors import BadParameters, NoPhone, NotAPhoneNumber, NotInThisState, OutOfReach, UnknownTemplate
from integrations.sms.models import Message, MessageQuerySet
from integrations.sms.shield.errors import BudgetSpent
from project.core import idempotency
from project.core.api import checked, error_responses, query_of
from project.core.errors import InvalidParameters, NoPermission, NotFound

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body within 24 hours: the same answer, and no second message.",
)


class MessageViewSet(mixins.RetrieveModelMixin, GenericViewSet[Message]):
    """Text messages."""

    queryset = Message.objects.none()
    permission_classes = (IsAuthenticated, Holds)
    needs = {
        "list": "sms.view_message",
        "retrieve": "sms.view_message",
        "create": "sms.send_message",
        "resend": "sms.resend_message",
        "cancel": "sms.send_message",
        "metadata": "sms.view_message",
    }
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> MessageQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Message.objects.none()
        seen = Message.objects.seen_by(self.request.user)
        return seen.select_related("template", "provider").prefetch_related("template__texts")

    def get_serializer_class(self) -> Any:
        return told.MessageSerializer if self.action == "list" else told.MessageDetailSerializer

    @extend_schema(
        parameters=[told.MessageQuerySerializer],
        responses={200: told.MessageSerializer(many=True), **error_responses(InvalidParameters, NoPermission)},
    )
    def list(self, request: Request) -> Response:
        """List text messages, narrowed by any of the parameters together."""
        page = self.paginate_queryset(_narrowed(self.get_queryset(), query_of(told.MessageQuerySerializer, request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={200: told.MessageDetailSerializer, **error_responses(NoPermission, NotFound)})
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A message, with each time it was tried and what became of that."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        request=told.SendSerializer,
        parameters=[KEY],
        responses={
            202: told.AcceptedSerializer,
            **error_responses(InvalidParameters, NotAPhoneNumber, OutOfReach, NoPhone, UnknownTemplate, BadParameters),
            **error_responses(idempotency.StillRunning, idempotency.KeyReused, NoPermission, BudgetSpent),
        },
    )
    @idempotency.once
    def create(self, request: Request) -> Response:
        """Send a text message to a person in your scope, by name or by number; it leaves in the background.

        To numbers of nobody in your scope with `sms.send_to_number` only.
        """
        given = checked(told.SendSerializer, request.data)
        if "user" in given:
            given["person"] = people.reached_by(request.user).filter(pk=given.pop("user")).first()
            if given["person"] is None:
                raise InvalidParameters(fields={"user": [NotFound.message]})
        message = services.send_by_hand(by=request.user, **given)
        return self._accepted(message)

    @extend_schema(
        request=told.NothingSerializer,
        parameters=[KEY],
        responses={
            202: told.AcceptedSerializer,
            **error_responses(NoPermission, NotFound, NotInThisState, idempotency.KeyReused),
        },
    )
    @action(detail=True, methods=["post"])
    @idempotency.once
    def resend(self, request: Request, pk: Any = None) -> Response:
        """Send a message once more that did not arrive, or may not have. One with a code is not: ask for a new code."""
        return self._accepted(services.send_again(self._named(request), by=request.user))

    @extend_schema(
        request=told.NothingSerializer,
        responses={202: told.AcceptedSerializer, **error_responses(NoPermission, NotFound, NotInThisState)},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Do not send a message that still waits."""
        return self._accepted(services.cancel(self._named(request), by=request.user))

    def _named(self, request: Request) -> Message:
        message: Message = self.get_object()
        checked(told.NothingSerializer, request.data)
        return message

    def _accepted(self, message: Message) -> Response:
        return Response(told.AcceptedSerializer(message).data, status=status.HTTP_202_ACCEPTED)


def _narrowed(messages: MessageQuerySet, asked: dict[str, Any]) -> MessageQuerySet:
    paths = {
        "state": "state",
        "purpose": "purpose",
        "template": "template__key",
        "provider": "provider__key",
        "user": "person",
        "since": "created_at__gte",
        "until": "created_at__lt",
    }
    conditions = {paths[name]: value for name, value in asked.items() if name in paths}
    if "phone" in asked:
        conditions["phone"] = phones.parse(asked["phone"])
    return messages.filter(**conditions)
