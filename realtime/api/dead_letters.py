"""Messages of the queues that could not be delivered, over HTTP."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from project.core.api import Pages, StrictSerializer, error_responses
from project.core.errors import Conflict, InvalidParameters, NoPermission, NotFound, TooLarge
from realtime import services
from realtime.api.serializers import StrictTextField
from realtime.api.views import GatewayView
from realtime.errors import GatewayUnreachable
from realtime.models import DeadLetter
from realtime.queue import dead

CHOICES = {"state": DeadLetter.State, "source": DeadLetter.Source, "reason": DeadLetter.Reason}


class DeadLetterSerializer(serializers.ModelSerializer[DeadLetter]):
    """A message that could not be delivered, and why."""

    detail = serializers.SerializerMethodField(help_text=_("Why, in your language where its body still tells."))
    settled_by = serializers.CharField(source="settled_by.username", default=None, allow_null=True)

    class Meta:
        model = DeadLetter
        fields = (
            "id",
            "source",
            "reason",
            "detail",
            "message_id",
            "body",
            "is_cut",
            "size",
            "attempts",
            "state",
            "created_at",
            "settled_at",
            "settled_by",
        )
        read_only_fields = fields

    def get_detail(self, letter: DeadLetter) -> str:
        return dead.explained(letter)


class RetriedSerializer(serializers.Serializer[Any]):
    """How many connections got it now."""

    delivered = serializers.IntegerField()


class DiscardSerializer(StrictSerializer):
    """Why, for the audit trail."""

    reason = StrictTextField(max_length=200, required=False, allow_blank=True, default="")


class DeadLettersView(GatewayView):
    """All of them."""

    needs = {"GET": "realtime.view_deadletter"}
    pagination_class = Pages

    @extend_schema(
        operation_id="realtime_dead_letters",
        parameters=[OpenApiParameter(name, OpenApiTypes.STR, enum=kind.values) for name, kind in CHOICES.items()],
        responses={200: DeadLetterSerializer(many=True), **error_responses(InvalidParameters, NoPermission)},
    )
    def get(self, request: Request) -> Response:
        """List messages of the queues that could not be delivered, the newest first; for who sees everybody."""
        pages = Pages()
        page = pages.paginate_queryset(_chosen(request), request, view=self)
        return pages.get_paginated_response(DeadLetterSerializer(page, many=True).data)


class DeadLetterView(GatewayView):
    """One of them."""

    needs = {"GET": "realtime.view_deadletter"}

    @extend_schema(
        operation_id="realtime_dead_letter",
        responses={200: DeadLetterSerializer, **error_responses(NotFound, NoPermission)},
    )
    def get(self, request: Request, letter_id: int) -> Response:
        """Show a message that could not be delivered, as it was received."""
        return Response(DeadLetterSerializer(_found(request, letter_id)).data)


class RetryView(GatewayView):
    """Deliver one again."""

    needs = {"POST": "realtime.retry_deadletter"}

    @extend_schema(
        operation_id="realtime_dead_letter_retry",
        request=None,
        responses={
            200: RetriedSerializer,
            **error_responses(Conflict, InvalidParameters, TooLarge, NotFound, NoPermission, GatewayUnreachable),
        },
    )
    def post(self, request: Request, letter_id: int) -> Response:
        """Deliver a message now that could not be before, also one that had run out.

        What still cannot be delivered is refused with the reason, and stays.
        """
        delivered = services.deliver_again(letter=_found(request, letter_id), by=request.user)
        return Response({"delivered": delivered})


class DiscardView(GatewayView):
    """Give one up."""

    needs = {"POST": "realtime.discard_deadletter"}

    @extend_schema(
        operation_id="realtime_dead_letter_discard",
        request=DiscardSerializer,
        responses={204: None, **error_responses(Conflict, InvalidParameters, NotFound, NoPermission)},
    )
    def post(self, request: Request, letter_id: int) -> Response:
        """Decide that a message is not wanted any more."""
        asked = DiscardSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.discard(letter=_found(request, letter_id), by=request.user, reason=asked.validated_data["reason"])
        return Response(status=204)


def _chosen(request: Request) -> QuerySet[DeadLetter]:
    found = services.dead_letters(by=request.user)
    for name, kind in CHOICES.items():
        if value := request.query_params.get(name):
            if value not in kind.values:
                raise InvalidParameters(fields={name: [" · ".join(kind.values)]})
            found = found.filter(**{name: value})
    return found


def _found(request: Request, pk: int) -> DeadLetter:
    found = services.dead_letters(by=request.user).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound
    return found
