"""Signing in, staying signed in, signing out."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import addresses, errors, sessions, sign_in
from accounts.api import asking
from accounts.api.session_serializers import LoginSerializer, RefreshSerializer, SignedInSerializer
from accounts.models import LoginSession
from project.core import context
from project.core.api import error_responses

TAGS = ["auth"]
NOT_CACHED = {"Cache-Control": "no-store"}


def caller() -> sign_in.Caller:
    """Where the present call comes from."""
    here = context.current()
    return sign_in.Caller(
        scope=LoginSession.Scope.API,
        ip=here.ip if here else "",
        user_agent=here.user_agent if here else "",
    )


class LoginView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_login",
        summary="Sign in",
        description=(
            "Unless several sign-ins at once are allowed, this ends the person's other API session. 20005 carries a "
            "`challenge` for `auth/second-factor`; `enrolment` with it says what an app needs, for who must set one up. "
            "10005, where too many devices are refused, carries `sessions`: sign in again with `instead_of`. "
            "20009 carries a `captcha`: solve it and send the same again with the solution in `captcha`."
        ),
        tags=TAGS,
        auth=[],
        request=LoginSerializer,
        responses={
            200: SignedInSerializer,
            **error_responses(
                "10000",
                "10005",
                errors.BadCredentials,
                errors.SecondFactorRequired,
                errors.Locked,
                errors.TooManyAtOnce,
                errors.CaptchaRequired,
            ),
        },
    )
    def post(self, request: Request) -> Response:
        asked = LoginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        session = sign_in.sign_in(**asked.validated_data, caller=caller())
        return Response(SignedInSerializer(session).data, headers=NOT_CACHED)


class RefreshView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_refresh",
        summary="Get new tokens",
        description=(
            "The refresh token rotates. The same token again within a few seconds gets the same successor, so a lost "
            "answer does no harm; later, or an older token, ends the session."
        ),
        tags=TAGS,
        auth=[],
        request=RefreshSerializer,
        responses={
            200: SignedInSerializer,
            **error_responses("10000", errors.Displaced, errors.NotSignedIn, errors.RefreshRefused, errors.TokenReused),
        },
    )
    def post(self, request: Request) -> Response:
        asked = RefreshSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        addresses.ensure_allowed(addresses.Place.API, context.get_ip())
        session = sessions.refresh(asked.validated_data["refresh"])
        return Response(SignedInSerializer(session).data, headers=NOT_CACHED)


class LogoutView(APIView):
    @extend_schema(
        operation_id="auth_logout",
        summary="Sign out",
        description="This session only: its tokens and sockets are dead at once.",
        tags=TAGS,
        request=None,
        responses={204: None, **error_responses(errors.NotSignedIn)},
    )
    def post(self, request: Request) -> Response:
        sessions.end(asking.session(request), reason=LoginSession.Reason.LOGOUT)
        return Response(status=status.HTTP_204_NO_CONTENT)
