"""The second step of a sign-in, one's own second factor, and proving oneself once more."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, second_factor, second_step, step_up
from accounts.api import asking
from accounts.api.auth import NOT_CACHED, TAGS, caller
from accounts.api.second_factor_serializers import (
    CodeSerializer,
    ConfirmedSerializer,
    ProofSerializer,
    RecoveryCodesSerializer,
    SecondFactorSignedInSerializer,
    SecondStepSerializer,
    TotpSerializer,
)
from accounts.api.session_serializers import SignedInSerializer
from project.core.api import error_responses

REFUSED = error_responses(errors.NotSignedIn, errors.NotConfirmed)


class SecondFactorView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_second_factor",
        summary="Sign in, second step",
        description=(
            "Answers what `auth/login` would have. The code is one of the app, or a recovery code; each counts once. "
            "Who was told to enrol sends the first code of their app, and is given recovery codes, this once."
        ),
        tags=TAGS,
        auth=[],
        request=SecondStepSerializer,
        responses={
            200: SecondFactorSignedInSerializer,
            **error_responses("10000", "10005", errors.WrongCode, errors.ChallengeOver, errors.Locked),
        },
    )
    def post(self, request: Request) -> Response:
        asked = SecondStepSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        session, recovery_codes = second_step.sign_in_with(**asked.validated_data, caller=caller())
        answer = SignedInSerializer(session).data
        return Response(answer | ({"recovery_codes": recovery_codes} if recovery_codes else {}), headers=NOT_CACHED)


class TotpView(APIView):
    @extend_schema(
        operation_id="auth_totp",
        summary="My second factor",
        description=(
            "Without one, and after a recent sign-in, the answer holds what an app needs to set one up: the same until "
            "it is confirmed with `POST`."
        ),
        tags=TAGS,
        responses={200: TotpSerializer, **error_responses(errors.NotSignedIn)},
    )
    def get(self, request: Request) -> Response:
        person = asking.person(request)
        answer = second_factor.state_of(person)._asdict()
        if not answer["enabled"] and step_up.is_recent(request.auth):
            begun = second_factor.begin(person, begun_for=asking.session(request).sid)
            answer |= second_factor.to_show(begun)
        return Response(TotpSerializer(answer).data, headers=NOT_CACHED)

    @extend_schema(
        operation_id="auth_totp_confirm",
        summary="Confirm my second factor with its first code",
        description="From now on it is asked for at each sign-in. Other sessions stay. Recovery codes are told this once.",
        tags=TAGS,
        request=CodeSerializer,
        responses={
            201: RecoveryCodesSerializer,
            **REFUSED,
            **error_responses("10000", errors.WrongCode, errors.HasSecondFactor, errors.Locked),
        },
    )
    def post(self, request: Request) -> Response:
        step_up.ensure(request.auth)
        asked = CodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = second_step.enrol(
            asking.person(request), asked.validated_data["code"], caller(), begun_for=asking.session(request).sid
        )
        return _recovery_codes(made)

    @extend_schema(
        operation_id="auth_totp_remove",
        summary="Remove my second factor",
        tags=TAGS,
        responses={204: None, **REFUSED, **error_responses(errors.NoSecondFactor)},
    )
    def delete(self, request: Request) -> Response:
        step_up.ensure(request.auth)
        second_factor.remove(asking.person(request), by=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecoveryCodesView(APIView):
    permission_classes = (IsAuthenticated, step_up.RecentSignIn)

    @extend_schema(
        operation_id="auth_totp_recovery_codes",
        summary="Get new recovery codes",
        description="The ones before are void. They are told this once.",
        tags=TAGS,
        request=None,
        responses={201: RecoveryCodesSerializer, **REFUSED, **error_responses(errors.NoSecondFactor)},
    )
    def post(self, request: Request) -> Response:
        return _recovery_codes(tuple(second_factor.new_recovery_codes(asking.person(request))))


class ConfirmView(APIView):
    @extend_schema(
        operation_id="auth_confirm",
        summary="Prove once more that it is me",
        description="With the password, a code of the app, or one by text message, before what answers 20008 otherwise. Guesses count like at sign-in.",
        tags=TAGS,
        request=ProofSerializer,
        responses={
            200: ConfirmedSerializer,
            **error_responses("10000", errors.NotSignedIn, errors.WrongCode, errors.NoVerifiedPhone, errors.Locked),
        },
    )
    def post(self, request: Request) -> Response:
        asked = ProofSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        session = asking.session(request)
        step_up.confirm(session, asking.person(request), caller(), **asked.validated_data)
        return Response(ConfirmedSerializer(session).data)


def _recovery_codes(made: tuple[str, ...]) -> Response:
    shown = RecoveryCodesSerializer({"recovery_codes": made})
    return Response(shown.data, status=status.HTTP_201_CREATED, headers=NOT_CACHED)
