"""What somebody may, where it comes from, and why one thing is allowed or not."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, scope, why
from accounts.api import asking
from accounts.api.reach import ReachSerializer
from accounts.models import ApiToken, User
from accounts.permissions import requires
from project.core.api import StrictSerializer, error_responses
from project.core.errors import NotFound

OF_STAFF = (IsAuthenticated, requires("accounts.view_user"), requires("accounts.view_role"))
REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")
LARGEST = 2**63 - 1


class SourceSerializer(serializers.Serializer[Any]):
    """Where a permission comes from."""

    kind = serializers.CharField(help_text="`superuser`, `role`, `group` (that is no role), or `direct`.")
    role = serializers.CharField(allow_null=True, help_text="Key of the role.")
    text = serializers.CharField()


class GrantSerializer(serializers.Serializer[Any]):
    """A permission somebody has."""

    permission = serializers.CharField(help_text="`app.codename`.")
    sources = SourceSerializer(many=True)


class PartSerializer(serializers.Serializer[Any]):
    """What one role gives."""

    role = serializers.CharField(help_text="Key of the role.")
    name = serializers.CharField()
    rank = serializers.IntegerField()
    scope = serializers.CharField()
    reach = ReachSerializer()


class RightsSerializer(serializers.Serializer[Any]):
    """All that somebody may."""

    user = serializers.IntegerField()
    is_active = serializers.BooleanField()
    is_superuser = serializers.BooleanField(help_text="Stands above all ranks.")
    rank = serializers.IntegerField(help_text="The highest of their roles; 0 without any.")
    scope = ReachSerializer()
    roles = PartSerializer(many=True)
    permissions = GrantSerializer(many=True)


class MayQuerySerializer(StrictSerializer):
    """What is asked."""

    permission = serializers.CharField(max_length=200, help_text="`app.codename`.")
    subject = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST, help_text="Id of the person it would be done to."
    )
    token = serializers.CharField(
        required=False, max_length=12, help_text="Id of an API token of theirs it would be done with."
    )

    def validate_permission(self, name: str) -> str:
        if not why.known(name):
            raise serializers.ValidationError(_("There is no permission called {name}.").format(name=name))
        return name


class ReasonSerializer(serializers.Serializer[Any]):
    """One thing that was looked at."""

    code = serializers.CharField()
    allows = serializers.BooleanField(help_text="Does it speak for it?")
    text = serializers.CharField()


class AnswerSerializer(serializers.Serializer[Any]):
    """The answer, and why."""

    allowed = serializers.BooleanField()
    reasons = ReasonSerializer(many=True)


class RightsView(APIView):
    permission_classes = OF_STAFF

    @extend_schema(
        operation_id="users_permissions",
        summary="What may a person, and where does it come from?",
        description="Needs `accounts.view_user` and `accounts.view_role`; the person must be in your scope.",
        tags=["users"],
        responses={200: RightsSerializer, **REFUSED},
    )
    def get(self, request: Request, pk: str) -> Response:
        found = why.of(_seen_by(request, pk))
        person = found.person
        about = {
            "user": person.pk,
            "is_active": person.is_active,
            "is_superuser": person.is_superuser,
            "rank": person.rank,
            "scope": person.reach,
            "roles": [_part(one) for one in found.parts],
            "permissions": [
                {"permission": name, "sources": _sources(sources)} for name, sources in found.sources.items()
            ],
        }
        return Response(RightsSerializer(about).data)


class MayView(APIView):
    permission_classes = OF_STAFF

    @extend_schema(
        operation_id="users_may",
        summary="Why may a person do this, or why not?",
        description="Asks the very checks that decide, and says in words what each looked at.",
        tags=["users"],
        parameters=[MayQuerySerializer],
        responses={200: AnswerSerializer, **REFUSED, **error_responses("10000")},
    )
    def get(self, request: Request, pk: str) -> Response:
        person = _seen_by(request, pk)
        asked = MayQuerySerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        subject = token = None
        if "subject" in given:
            subject = scope.people(asking.person(request)).filter(pk=given["subject"]).first()
            if subject is None:
                raise serializers.ValidationError({"subject": [_("There is no such person here.")]})
        if "token" in given:
            token = ApiToken.objects.select_related("owner").filter(owner=person, key_id=given["token"]).first()
            if token is None:
                raise serializers.ValidationError({"token": [_("This person has no such token.")]})
        verdict = why.may(person, given["permission"], subject, token)
        told = {"allowed": verdict.allowed, "reasons": [one._asdict() for one in verdict.reasons]}
        return Response(AnswerSerializer(told).data)


def _seen_by(request: Request, pk: str) -> User:
    found: User | None = scope.people(asking.person(request)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def _part(part: why.Part) -> dict[str, Any]:
    role = part.role
    return {"role": role.key, "name": role.group.name, "rank": role.rank, "scope": role.scope, "reach": part.reach}


def _sources(sources: Iterable[why.Source]) -> list[dict[str, Any]]:
    return [{"kind": one.kind, "role": one.role and one.role.key, "text": str(one)} for one in sources]
