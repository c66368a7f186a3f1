"""People who leave, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import errors, services, step_up
from accounts.api import asking
from accounts.api.structure_serializers import (
    AnonymiseSerializer,
    BelongingSerializer,
    HandedSerializer,
    LeaveSerializer,
    LeftSerializer,
)
from accounts.api.user_serializers import UserSerializer
from accounts.models import User
from accounts.permissions import requires
from project.core import leaving
from project.core.api import error_responses, paged
from project.core.errors import NoPermission

TAGS = ["users"]
REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")


class LeavingMixin(GenericViewSet[User]):
    """`users/{id}/leave` and `users/{id}/anonymise`."""

    @extend_schema(
        operation_id="users_belongings",
        summary="What does a person own?",
        description="And what becomes of it when they leave. Needs `accounts.change_user` and a higher rank.",
        tags=TAGS,
        methods=["GET"],
        filters=False,
        responses={200: BelongingSerializer(many=True), **REFUSED},
    )
    @extend_schema(
        operation_id="users_leave",
        summary="Let a person leave",
        description=(
            "Locks them out everywhere at once, and hands over what they own in the way `GET` tells. What the caller may not "
            "change (rank, permission) is left alone and counted. Needs `accounts.change_user` and a higher rank; with "
            "`anonymise` also what `users/{id}/anonymise` needs. Setting `is_active` brings back who was not anonymised."
        ),
        tags=TAGS,
        methods=["POST"],
        request=LeaveSerializer,
        responses={
            200: LeftSerializer,
            **REFUSED,
            **error_responses(
                "10000",
                "10009",
                errors.NotConfirmed,
                errors.NotYourself,
                errors.LastAdministrator,
                errors.AlreadyAnonymised,
            ),
        },
    )
    @action(
        detail=True,
        methods=["get", "post"],
        permission_classes=[IsAuthenticated, requires("accounts.change_user")],
    )
    def leave(self, request: Request, pk: str) -> Response:
        person = self.get_object()
        if request.method == "GET":
            return paged([_belonging(kind, person) for kind in leaving.belongings()], request, BelongingSerializer)
        asked = LeaveSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        if asked.validated_data["anonymise"]:
            _ensure_may_anonymise(request, person)
        left = services.leave(by=asking.person(request), user=person, **asked.validated_data)
        handed = [_handed(kind, result) for kind, result in left.handed]
        shown = {"user": self.get_queryset().get(pk=person.pk), "handed_over": handed}
        return Response(LeftSerializer(shown).data)

    @extend_schema(
        operation_id="users_anonymise",
        summary="Forget who a leaver was",
        description=(
            "For good: names, phone, mail address, picture, roles, second factor, devices, mails and where they signed in "
            "from; in the audit trail too. The user name becomes `left-{id}`. Needs `accounts.delete_user`, a higher rank and "
            "a recent sign-in."
        ),
        tags=TAGS,
        request=AnonymiseSerializer,
        responses={
            200: UserSerializer,
            **REFUSED,
            **error_responses(
                "10000",
                "10009",
                errors.NotConfirmed,
                errors.NotYourself,
                errors.StillActive,
                errors.AlreadyAnonymised,
            ),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, requires("accounts.delete_user")])
    def anonymise(self, request: Request, pk: str) -> Response:
        person = self.get_object()
        step_up.ensure(request.auth)
        asked = AnonymiseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.anonymise_user(by=asking.person(request), user=person, **asked.validated_data)
        return Response(UserSerializer(self.get_queryset().get(pk=person.pk)).data)


def _ensure_may_anonymise(request: Request, person: User) -> None:
    if not request.user.has_perm("accounts.delete_user", person):
        raise NoPermission
    step_up.ensure(request.auth)


def _belonging(kind: leaving.Belonging, person: User) -> dict[str, Any]:
    return {"key": kind.key, "title": kind.title, "becomes": kind.becomes, "number": kind.rows(person).count()}


def _handed(kind: leaving.Belonging, result: leaving.Handed) -> dict[str, Any]:
    return HandedSerializer({"key": kind.key, "title": kind.title, "done": result.done, "left_alone": result.left}).data
