"""What every view of Jenkins does, and what may come of it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.fields import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.jenkins import errors
from integrations.jenkins.api.permissions import Holds
from integrations.jenkins.models import Server
from project.core.api import error_responses
from project.core.breaker import Open
from project.core.errors import InvalidParameters, NoPermission, NotFound

PEOPLE: Any = [{"bearer": []}, {"backOfficeCookie": []}]
"""Who may call what is for superusers alone: no machine is one."""
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body within 24 hours: the same answer, and no second build.",
)
HERE = error_responses(InvalidParameters, NoPermission, NotFound)
THERE = error_responses(
    errors.JenkinsError,
    errors.NotJenkins,
    errors.CredentialsRefused,
    errors.RefusedByJenkins,
    errors.SentElsewhere,
    errors.AnswerTooLarge,
    errors.UnknownCertificate,
    errors.NotReached,
    errors.NoAnswer,
    errors.NotAtJenkins,
    errors.AddressNotAllowed,
    Open,
)
"""What may come of asking a server."""


class Views(GenericViewSet[Any]):
    """A view set that asks for `needs`, by action."""

    permission_classes = (IsAuthenticated, Holds)
    needs: dict[str, Any]
    lookup_value_regex = "[0-9]{1,18}"
    lookup_value_converter = "int"

    @property
    def is_schema(self) -> bool:
        return bool(getattr(self, "swagger_fake_view", False))

    def paged(self, rows: Any) -> Response:
        """Answer with the page that was asked for."""
        page = self.paginate_queryset(rows)
        answer: Response = self.get_paginated_response(self.get_serializer(page, many=True).data)
        return answer


def one(rows: Any, pk: Any, field: str = "") -> Any:
    """Return the row.

    :raises NotFound: when there is none; :raises InvalidParameters: where a field named it.
    """
    found = rows.filter(pk=pk).first()
    if found is None and field:
        raise InvalidParameters(fields={field: [NotFound.message]})
    if found is None:
        raise NotFound
    return found


def server_of(given: dict[str, Any]) -> Server:
    """Take the server out of what was given; the only one there is may stay unsaid.

    :raises InvalidParameters: when there is none like this, or it is not clear which.
    """
    enabled = Server.objects.enabled()
    if "server" in given:
        server: Server = one(enabled, given.pop("server"), "server")
        return server
    found: list[Server] = list(enabled[:2])
    if len(found) != 1:
        raise InvalidParameters(fields={"server": [str(Field.default_error_messages["required"])]})
    return found[0]
