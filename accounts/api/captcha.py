"""A captcha, for who wants to solve it before they are asked."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import captcha, lockout, phone_codes, sign_in
from accounts.api.auth import NOT_CACHED, TAGS, caller
from accounts.captcha import Purpose
from accounts.passwords import asked
from project.core.api import StrictSerializer, error_responses


class CaptchaQuerySerializer(StrictSerializer):
    """What the captcha is to stand in front of."""

    about = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=254,
        help_text="The user name or phone number the call will be about: then the captcha is as hard as it will have to be.",
    )

    def get_fields(self) -> dict[str, Any]:
        # `for` is a word of Python's
        return {"for": serializers.ChoiceField([one.value for one in Purpose])} | super().get_fields()


class CaptchaSerializer(serializers.Serializer[Any]):
    """A challenge of ALTCHA's second version."""

    captcha = serializers.JSONField(help_text="`parameters` and `signature`: any of ALTCHA's libraries solves it.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    due = serializers.BooleanField(help_text="Must the next call have a solution?")


class CaptchaView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_captcha",
        summary="Get a captcha to solve",
        description=(
            "A proof of work: find the counter whose Argon2id hash begins with `keyPrefix`. The solution, for `captcha` of "
            "the call it is for, is good once, for three minutes. Nobody needs to ask beforehand: 20009 carries one."
        ),
        tags=TAGS,
        auth=[],
        parameters=[CaptchaQuerySerializer],
        responses={200: CaptchaSerializer, **error_responses("10000")},
    )
    def get(self, request: Request) -> Response:
        query = CaptchaQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        purpose, about = Purpose(query.validated_data["for"]), query.validated_data["about"]
        if purpose == Purpose.LOGIN:
            about = sign_in.username_as_kept(about)
            needed: int | None = lockout.look(about, caller().ip or None).captcha_level
        elif purpose == Purpose.PASSWORD_RESET:
            needed = asked.captcha_level(caller().ip)
        else:
            about = phone_codes.as_asked(about)
            needed = phone_codes.captcha_level(about, caller().ip)
        due, level = needed is not None, needed or 0
        return Response(captcha.challenge(purpose, about, level=level) | {"due": due}, headers=NOT_CACHED)
