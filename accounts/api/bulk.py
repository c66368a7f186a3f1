"""One change to many people, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services
from accounts.api import asking
from accounts.api.structure_serializers import BulkOutcomesSerializer, BulkSerializer
from accounts.models import User
from accounts.permissions import requires
from accounts.services.bulk import Done
from project.core.api import error_responses
from project.core.errors import NotFound


class BulkMixin(GenericViewSet[User]):
    """`users/bulk`."""

    @extend_schema(
        operation_id="users_bulk",
        summary="Change many people at once",
        description=(
            "Each by themselves: whoever may not be changed (not found, rank, last administrator, …) is left alone and the "
            "others are changed. The answer says what became of each, in the order asked. Needs `accounts.change_user`."
        ),
        tags=["users"],
        request=BulkSerializer,
        responses={200: BulkOutcomesSerializer, **error_responses(errors.NotSignedIn, "10000", "10009")},
    )
    @action(detail=False, methods=["post"], permission_classes=[IsAuthenticated, requires("accounts.change_user")])
    def bulk(self, request: Request) -> Response:
        asked = BulkSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        ids = list(dict.fromkeys(given.pop("ids")))
        found = self.get_queryset().in_bulk(ids)
        chosen = [found[pk] for pk in ids if pk in found]
        done = services.change_many(by=asking.person(request), chosen=chosen, **given)
        return Response(BulkOutcomesSerializer(_told(ids, {one.person.pk: one for one in done})).data)


def _told(ids: list[int], done: dict[int, Done]) -> dict[str, Any]:
    results = [_result(pk, done.get(pk)) for pk in ids]
    counts = {what: sum(one["outcome"] == what for one in results) for what in ("changed", "unchanged", "refused")}
    return counts | {"results": results}


def _result(pk: int, done: Done | None) -> dict[str, Any]:
    problem = NotFound() if done is None else done.problem
    if problem is not None:
        return {"id": pk, "outcome": "refused", "code": problem.code, "message": str(problem)}
    return {"id": pk, "outcome": "changed" if done and done.changed else "unchanged"}
