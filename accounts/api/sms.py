"""Codes by text message over the API: asking for one, signing in with one, binding a phone."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, phone_codes, services, sms_sign_in, step_up
from accounts.api import asking
from accounts.api.auth import NOT_CACHED, TAGS, caller
from accounts.api.fields import Captcha, Secret, Text
from accounts.api.session_serializers import InsteadOf, SignedInSerializer
from accounts.api.user_serializers import MeSerializer
from accounts.models import LoginSession, User
from accounts.phone_codes import OF_STRANGERS, Purpose
from integrations.sms import phones
from integrations.sms.errors import NotAPhoneNumber
from integrations.sms.shield.errors import BudgetSpent, NumberNotServed, TooManyCodes
from project.core.api import StrictSerializer, error_responses
from project.core.errors import GatehouseError, InvalidParameters, NotSignedIn

LONGEST = 40
"""Of a number as people write it."""


class Phone(Text):
    """A phone number; without a country code, one of this country."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST, help_text="`13800138000` or `+8613800138000`.", **options)


class Code(Secret):
    """What came by text message."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST, trim_whitespace=True, **options)


class SmsCodeSerializer(StrictSerializer):
    """Where a code is to go, and what it will be used for."""

    phone = Phone(required=False)
    purpose = serializers.ChoiceField(
        Purpose.choices, help_text="`bind` and `confirm` are for who is signed in; `confirm` goes to their own phone."
    )
    device = Text(max_length=100, required=False, allow_blank=True, default="", help_text="What the person calls it.")
    captcha = Captcha()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "phone" not in attrs and attrs["purpose"] != Purpose.CONFIRM:
            raise serializers.ValidationError({"phone": self.fields["phone"].error_messages["required"]})
        return attrs


class AskedSerializer(serializers.Serializer[Any]):
    """The same for every number."""

    expires_in = serializers.IntegerField(help_text="Seconds the code is good for, if one was sent.")


class SmsLoginSerializer(StrictSerializer):
    """A phone number, and the code that came to it."""

    phone = Phone()
    code = Code()
    device = Text(max_length=100, required=False, allow_blank=True, default="", help_text="What the person calls it.")
    instead_of = InsteadOf()


class BindSerializer(StrictSerializer):
    """A phone number, and the code that came to it for `bind`."""

    phone = Phone()
    code = Code()


class SmsCodeView(APIView):
    permission_classes = (AllowAny,)

    not_signed_in: GatehouseError | None = None

    def perform_authentication(self, request: Request) -> None:
        """A token that has run out keeps nobody from asking for a code to sign in with."""
        try:
            super().perform_authentication(request)
        except (errors.NotSignedIn, errors.SignInError, errors.PasswordDue) as problem:
            self.not_signed_in = problem

    @extend_schema(
        operation_id="auth_sms_code",
        summary="Send me a code by text message",
        description=(
            "The same answer for every number. Whoever is meant gets a code of six digits, which is good once, with one number, "
            "for one purpose; a newer one voids it. 10007 and 50101 tell with `Retry-After` when to ask again. 20009 carries a "
            "`captcha`: solve it and send the same again with the solution in `captcha`. `bind` and `confirm` want a token, `bind` "
            "a recent sign-in too."
        ),
        tags=TAGS,
        auth=[],
        request=SmsCodeSerializer,
        responses={
            202: AskedSerializer,
            **error_responses(
                "10000",
                NotAPhoneNumber,
                NumberNotServed,
                TooManyCodes,
                BudgetSpent,
                errors.NotSignedIn,
                errors.CaptchaRequired,
                errors.NotByPhone,
                errors.NotConfirmed,
                errors.NoVerifiedPhone,
            ),
        },
    )
    def post(self, request: Request) -> Response:
        given = SmsCodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        purpose = given.validated_data["purpose"]
        if purpose not in OF_STRANGERS and self.not_signed_in is not None:
            raise self.not_signed_in
        person = None if purpose in OF_STRANGERS else _person(request, purpose)
        phone_codes.ask(
            _number(person, purpose, given.validated_data.get("phone")),
            purpose,
            caller()._replace(mark=given.validated_data["device"]),
            solution=given.validated_data["captcha"],
            person=person,
        )
        answer = AskedSerializer({"expires_in": settings.SMS_CODE_SECONDS})
        return Response(answer.data, status=status.HTTP_202_ACCEPTED, headers=NOT_CACHED)


class SmsLoginView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_login_sms",
        summary="Sign in with a code by text message",
        description=(
            "Answers what `auth/login` would have; everything behind the first step is the same. The code is one that "
            "`auth/sms-code` sent for `login`. 20006 is also for numbers that nobody has."
        ),
        tags=TAGS,
        auth=[],
        request=SmsLoginSerializer,
        responses={
            200: SignedInSerializer,
            **error_responses(
                "10000",
                "10005",
                errors.WrongCode,
                errors.SecondFactorRequired,
                errors.Locked,
                errors.NotByPhone,
            ),
        },
    )
    def post(self, request: Request) -> Response:
        given = SmsLoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        session = sms_sign_in.enter(**given.validated_data, caller=caller())
        return Response(SignedInSerializer(session).data, headers=NOT_CACHED)


class PhoneView(APIView):
    @extend_schema(
        operation_id="auth_phone_bind",
        summary="Bind a phone",
        description="With a code that `auth/sms-code` sent there for `bind`. Needs a recent sign-in (20008); the person is told.",
        tags=TAGS,
        request=BindSerializer,
        responses={
            200: MeSerializer,
            **error_responses("10000", errors.NotSignedIn, errors.NotConfirmed, errors.WrongCode, errors.Locked),
        },
    )
    def put(self, request: Request) -> Response:
        step_up.ensure(request.auth)
        given = BindSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = asking.person(request)
        asked = given.validated_data
        phone = phone_codes.check(person, asked["phone"], Purpose.BIND, asked["code"], caller())
        bound = services.bind_phone(user=person, phone=phone)
        return Response(MeSerializer(bound, context={"request": request}).data)

    @extend_schema(
        operation_id="auth_phone_unbind",
        summary="Unbind my phone",
        description="No code lets anybody in with it any more. Needs a recent sign-in (20008); the person is told.",
        tags=TAGS,
        responses={204: None, **error_responses(errors.NotSignedIn, errors.NotConfirmed)},
    )
    def delete(self, request: Request) -> Response:
        step_up.ensure(request.auth)
        services.unbind_phone(user=asking.person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(request: Request, purpose: str) -> User:
    """Who asks: themselves, and, to bind another phone, after having proved of late that it is they."""
    if not request.user.is_authenticated:
        raise NotSignedIn
    if purpose == Purpose.BIND:
        step_up.ensure(request.auth)
    elif not isinstance(request.auth, LoginSession):
        raise errors.NotForMachines
    elif request.auth.subject_id is not None:
        raise errors.NotWhileActing
    return asking.person(request)


def _number(person: User | None, purpose: str, given: str | None) -> str:
    if person is None or purpose != Purpose.CONFIRM:
        return given or ""
    own = phone_codes.own_phone(person)
    if given is not None and phones.parse(given) != own:
        raise InvalidParameters(fields={"phone": [errors.NOT_YOUR_PHONE]})
    return own
