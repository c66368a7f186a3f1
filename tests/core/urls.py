"""Addresses that go wrong in every way, for the tests of how that is answered."""

import asyncio
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_protect
from rest_framework import exceptions, permissions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from project.core import context, errors, idempotency
from project.core.api import Pages, StrictSerializer
from tests.core.parcels import Parcel

handler400 = "project.core.api.bad_request"
handler403 = "project.core.api.permission_denied"
handler404 = "project.core.api.page_not_found"
handler500 = "project.core.api.server_error"


class FullHouse(errors.Conflict):
    level = errors.POPUP
    message: Any = "The house is full."
    popup_title = "Full"
    popup_content = "Come back tomorrow."


RAISED: dict[str, Exception] = {
    "gone": Http404(),
    "forbidden": PermissionDenied(),
    "drf-forbidden": exceptions.PermissionDenied("Only on Mondays."),
    "bad-token": exceptions.AuthenticationFailed(),
    "suspicious": SuspiciousOperation("../../etc/passwd"),
    "throttled": exceptions.Throttled(wait=7.2),
    "full": FullHouse(),
    "database": OperationalError("database is locked"),
    "django-invalid": ValidationError({"phone": ["Not a phone."]}),
    "bug": ZeroDivisionError("the secret recipe"),
}


class Open(APIView):
    authentication_classes: list[type[BaseAuthentication]] = []
    permission_classes: list[Any] = [permissions.AllowAny]


class Failing(Open):
    def get(self, _request: Request, kind: str) -> Response:
        raise RAISED[kind]


class Nobody(BaseAuthentication):
    def authenticate(self, request: Request) -> None:
        return None


class Private(Open):
    authentication_classes = [Nobody]
    permission_classes = [permissions.IsAuthenticated]

    def get(self, _request: Request) -> Response:
        return Response({})


class AddressSerializer(StrictSerializer):
    street = serializers.CharField(max_length=10)
    number = serializers.IntegerField()


class LetterSerializer(StrictSerializer):
    address = AddressSerializer()
    weight = serializers.IntegerField(required=False)


class Letters(Open):
    def post(self, request: Request) -> Response:
        asked = LetterSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(asked.validated_data, status=201)


class NumberSerializer(serializers.Serializer[int]):
    def to_representation(self, instance: int) -> Any:
        return instance


class Numbers(Open):
    def get(self, request: Request) -> Response:
        pages = Pages()
        rows = pages.paginate_queryset(list(range(450)), request, view=self)
        return pages.get_paginated_response(rows)


class Scarce(SimpleRateThrottle):
    rate = "1/hour"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return "scarce"


class Throttled(Open):
    throttle_classes = [Scarce]

    def get(self, _request: Request) -> Response:
        return Response({})


class Parcels(Open):
    """Sends a parcel; told to, it fails after having written the row."""

    @idempotency.once
    def post(self, request: Request) -> Response:
        parcel = Parcel.objects.create(address=request.data.get("to", ""))
        if request.data.get("to") == "nowhere":
            raise errors.InvalidParameters(fields={"to": ["There is no such place."]})
        if request.data.get("to") == "the abyss":
            raise ZeroDivisionError
        return Response({"id": str(parcel.pk)}, status=201, headers={"Location": f"/parcels/{parcel.pk}"})


def writes(_request: HttpRequest) -> HttpResponse:
    Parcel.objects.create()
    return HttpResponse("written")


def shows_context(_request: HttpRequest) -> JsonResponse:
    asking = context.current()
    assert asking is not None
    context.set_user(context.Identity(7, "mei"))
    return JsonResponse({"module": asking.module, "ip": asking.ip, "id": asking.request_id, "agent": asking.user_agent})


async def shows_context_later(request: HttpRequest) -> JsonResponse:
    await asyncio.sleep(0)
    return shows_context(request)


def shows_headers(request: HttpRequest) -> JsonResponse:
    return JsonResponse({name: value for name, value in request.META.items() if isinstance(value, str)})


def breaks(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("the secret recipe")


def database_breaks(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    return HttpResponse()


urlpatterns = [
    path("api/v1/failing/<str:kind>", Failing.as_view()),
    path("api/v1/private", Private.as_view()),
    path("api/v1/letters", Letters.as_view()),
    path("api/v1/numbers", Numbers.as_view()),
    path("api/v1/throttled", Throttled.as_view()),
    re_path("^api/v1/parcels/?$", Parcels.as_view()),
    path("api/v1/breaks", breaks),
    path("api/v1/writes", writes),
    path("breaks", breaks),
    path("database", database_breaks),
    path("form", csrf_protect(shows_context)),
    path("api/context", shows_context),
    path("admin/context", shows_context),
    path("elsewhere/context", shows_context),
    path("console/later", shows_context_later),
    path("headers", shows_headers),
]
