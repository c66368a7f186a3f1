"""What every view of Jenkins does, and what may come of it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from integrations.jenkins import errors
from integrations.jenkins.api.permissions import Holds
from integrations.jenkins.models import Server
from project.core.api import StrictSerializer, error_responses
from project.core.breaker import Open
from project.core.errors import InvalidParameters, NoPermission, NotFound

PAGING = frozenset({"page", "page_size"})
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


def checked(kind: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Return what was sent, checked.

    :raises ValidationError: naming every field that is wrong.
    """
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def query_of(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return what the query says, checked.

    :raises ValidationError: naming every parameter that is wrong.
    """
    return checked(kind, {name: value for name, value in request.query_params.items() if name not in PAGING})


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
    """Take the server out of what was given."""
    server: Server = one(Server.objects.enabled(), given.pop("server"), "server")
    return server
