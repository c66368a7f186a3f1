"""What people do about themselves: profile, picture, password, their sessions."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, services, sessions, sign_in, step_up, tickets
from accounts.api import asking
from accounts.api.auth import NOT_CACHED, TAGS, caller
from accounts.api.session_serializers import EndedSerializer, MySessionSerializer, PasswordSerializer, TicketSerializer
from accounts.api.user_serializers import MeSerializer, ProfileSerializer, UserSerializer
from accounts.models import LoginSession
from project.core.api import StrictJSONParser, error_responses
from project.core.errors import InvalidParameters, NotFound
from realtime import watches

REFUSED = error_responses(errors.NotSignedIn)


class MeView(APIView):
    @extend_schema(operation_id="auth_me", summary="Who am I?", tags=TAGS, responses={200: MeSerializer, **REFUSED})
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(request.user, context={"request": request}).data)

    @extend_schema(
        operation_id="auth_me_change",
        summary="Change my profile",
        description=(
            "Another mail address needs a recent sign-in (20008). Another phone lets nobody in unless there was one: see "
            "`auth/phone`. The person is told of both."
        ),
        tags=TAGS,
        request=ProfileSerializer,
        responses={200: MeSerializer, **REFUSED, **error_responses("10000", errors.NotConfirmed)},
    )
    def patch(self, request: Request) -> Response:
        asked = ProfileSerializer(request.user, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        user = services.update_own_profile(
            user=asking.person(request), proven=step_up.is_recent(request.auth), **asked.validated_data
        )
        return Response(MeSerializer(user).data)


class MyAvatarView(APIView):
    parser_classes = (MultiPartParser, StrictJSONParser)

    @extend_schema(
        operation_id="auth_avatar_set",
        summary="Set my picture",
        description="JPEG, PNG, WebP or GIF of at most 2 MB; it is cut to a square and written anew.",
        tags=TAGS,
        request={
            "multipart/form-data": {"type": "object", "properties": {"avatar": {"type": "string", "format": "binary"}}}
        },
        responses={200: UserSerializer, **REFUSED, **error_responses("10000")},
    )
    def put(self, request: Request) -> Response:
        file = request.FILES.get("avatar")
        if file is None:
            raise InvalidParameters(fields={"avatar": [errors.PICTURE_MISSING]})
        return Response(UserSerializer(services.set_avatar(user=asking.person(request), file=file)).data)

    @extend_schema(
        operation_id="auth_avatar_remove", summary="Remove my picture", tags=TAGS, responses={204: None, **REFUSED}
    )
    def delete(self, request: Request) -> Response:
        services.set_avatar(user=asking.person(request), file=None)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(APIView):
    @extend_schema(
        operation_id="auth_password",
        summary="Change my password",
        description="All other sessions end; this one stays.",
        tags=TAGS,
        request=PasswordSerializer,
        responses={200: EndedSerializer, **REFUSED, **error_responses("10000", errors.Locked)},
    )
    def post(self, request: Request) -> Response:
        asked = PasswordSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        sign_in.confirm(asking.person(request), given["old_password"], caller())
        ended = services.set_password(
            user=asking.person(request),
            password=given["new_password"],
            by=asking.person(request),
            keep=asking.session(request),
        )
        return Response(EndedSerializer({"ended": ended}).data)


@extend_schema_view(
    get=extend_schema(operation_id="auth_sessions", summary="Where am I signed in?", tags=TAGS),
)
class MySessionsView(ListAPIView[LoginSession]):
    """The caller's live sessions, newest first."""

    serializer_class = MySessionSerializer

    def get_queryset(self) -> QuerySet[LoginSession]:
        if getattr(self, "swagger_fake_view", False):
            return LoginSession.objects.none()
        return LoginSession.objects.live().filter(user=self.request.user.pk)

    def get_serializer_context(self) -> dict[str, Any]:
        mine = list(self.get_queryset().values_list("sid", flat=True))
        return {
            **super().get_serializer_context(),
            "session": self.request.auth,
            "watched": watches.watched_sessions(mine),
        }


class MySessionView(GenericAPIView[LoginSession]):
    @extend_schema(
        operation_id="auth_session_end",
        summary="Sign out somewhere else",
        tags=TAGS,
        responses={204: None, **REFUSED, **error_responses("10008")},
    )
    def delete(self, request: Request, sid: str) -> Response:
        session = LoginSession.objects.live().filter(user=asking.person(request).pk, sid=sid).first()
        if session is None:
            raise NotFound
        sessions.end(session, reason=LoginSession.Reason.LOGOUT, actor=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RevokeOthersView(APIView):
    @extend_schema(
        operation_id="auth_sessions_revoke_others",
        summary="Sign out everywhere else",
        tags=TAGS,
        request=None,
        responses={200: EndedSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        ended = services.end_sessions(
            user=asking.person(request), by=asking.person(request), keep=asking.session(request)
        )
        return Response(EndedSerializer({"ended": ended}).data)


class TicketView(APIView):
    @extend_schema(
        operation_id="auth_ticket",
        summary="Get a ticket for a socket",
        description="Good once, for half a minute: `/ws/?ticket=…`.",
        tags=TAGS,
        request=None,
        responses={200: TicketSerializer, **REFUSED, **error_responses("10004")},
    )
    def post(self, request: Request) -> Response:
        made = {"ticket": tickets.issue(asking.session(request)), "expires_in": tickets.LIFETIME_SECONDS}
        return Response(TicketSerializer(made).data, headers=NOT_CACHED)
