"""Passwords over the API: forgotten ones, and what staff do about other people's."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import addresses, errors, scope, services
from accounts.api import asking
from accounts.api.auth import NOT_CACHED, TAGS, caller
from accounts.api.fields import Captcha, Flag, Secret, Text
from accounts.api.session_serializers import EndedSerializer
from accounts.api.sms import Code, Phone
from accounts.models import PasswordLink, User
from accounts.passwords import asked, by_phone
from accounts.permissions import requires
from integrations.sms import phones
from integrations.sms.shield.errors import BudgetSpent
from project.core import context
from project.core.api import StrictSerializer, error_responses
from project.core.errors import NotFound

OF_STAFF = (IsAuthenticated, requires("accounts.change_user"))
ONE_REFUSED = error_responses(errors.NotSignedIn, "10009", "10008")


class ForgottenSerializer(StrictSerializer):
    """Who forgot their password."""

    username = Text(max_length=254, required=False, help_text="User name or mail address.")
    phone = Phone(required=False)
    code = Code(required=False)
    captcha = Captcha()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = attrs.keys() & {"username", "phone", "code"}
        if given not in ({"username"}, {"phone", "code"}):
            missing = {"username"} if not given else {"phone", "code"} - given or given
            raise serializers.ValidationError(
                dict.fromkeys(missing, [_("Send a user name, or a phone number and its code.")])
            )
        return attrs


class LinkSecretSerializer(serializers.Serializer[Any]):
    """What a mail's link would say, for who has shown by a code that the phone is theirs."""

    token = serializers.CharField(help_text="For `auth/password-reset/confirm`, once.")
    expires_at = serializers.DateTimeField()


class ChosenSerializer(StrictSerializer):
    """What a mail's link says, and the password to come."""

    token = Secret(max_length=200, help_text="What follows `token=` in the link.")
    new_password = Secret(max_length=128)


class SetSerializer(StrictSerializer):
    """A password for somebody else."""

    new_password = Secret(max_length=128)
    must_change = Flag(default=True, help_text="They choose another at the next sign-in, before anything else.")


class LinkSerializer(serializers.ModelSerializer[PasswordLink]):
    """A link that was sent; what it says is in the mail or text message only."""

    phone = serializers.SerializerMethodField(help_text="Where it went by text message; in part only.")

    class Meta:
        model = PasswordLink
        fields = ("address", "phone", "expires_at")
        read_only_fields = fields

    def get_phone(self, link: PasswordLink) -> str:
        return phones.masked(link.phone)


class ForgottenView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_password_reset",
        summary="I forgot my password",
        description=(
            "The same answer for every name. Whoever is meant, by user name or mail address, gets a mail with a link, if "
            "they may sign in and have an address. It is good once, for half an hour. With `phone` and the `code` that "
            "`auth/sms-code` sent there for `reset`, the answer is 200 with what the link would say."
        ),
        tags=TAGS,
        auth=[],
        request=ForgottenSerializer,
        responses={
            200: LinkSecretSerializer,
            202: None,
            **error_responses("10000", "10007", "10009", errors.CaptchaRequired, errors.WrongCode, errors.Locked),
        },
    )
    def post(self, request: Request) -> Response:
        given = ForgottenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if "phone" in given.validated_data:
            phone, code = given.validated_data["phone"], given.validated_data["code"]
            token, link = by_phone.link_for(phone=phone, code=code, caller=caller())
            secret = LinkSecretSerializer({"token": token, "expires_at": link.expires_at})
            return Response(secret.data, headers=NOT_CACHED)
        asked.ask(given.validated_data["username"], caller(), given.validated_data["captcha"])
        return Response(status=status.HTTP_202_ACCEPTED)


class ChosenView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_password_reset_confirm",
        summary="Choose a password with a mail's link",
        description="All sessions of the person end. A second factor is still asked for when they sign in.",
        tags=TAGS,
        auth=[],
        request=ChosenSerializer,
        responses={204: None, **error_responses("10000", errors.LinkOver, "10009")},
    )
    def post(self, request: Request) -> Response:
        given = ChosenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        addresses.ensure_allowed(addresses.Place.API, context.get_ip())
        services.choose_password(token=given.validated_data["token"], password=given.validated_data["new_password"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class SetView(APIView):
    permission_classes = OF_STAFF

    @extend_schema(
        operation_id="users_set_password",
        summary="Set a person's password",
        description="All their sessions end, and they are told. Not for API tokens.",
        tags=["users"],
        request=SetSerializer,
        responses={200: EndedSerializer, **ONE_REFUSED, **error_responses("10000")},
    )
    def post(self, request: Request, pk: str) -> Response:
        given = SetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        ended = services.set_password(
            user=_seen_by(request, pk),
            password=given.validated_data["new_password"],
            by=asking.person(request),
            must_change=given.validated_data["must_change"],
        )
        return Response(EndedSerializer({"ended": ended}).data)


class InviteView(APIView):
    permission_classes = OF_STAFF

    @extend_schema(
        operation_id="users_invite",
        summary="Send a person a link to choose their password",
        description=(
            "For new people, and for those who lost theirs. By mail; to who has no address by text message, with "
            "`sms.send_message`. Good once, for three days. Not for API tokens."
        ),
        tags=["users"],
        request=None,
        responses={202: LinkSerializer, **ONE_REFUSED, **error_responses(errors.CannotBeInvited, BudgetSpent)},
    )
    def post(self, request: Request, pk: str) -> Response:
        link = services.invite(user=_seen_by(request, pk), by=asking.person(request))
        return Response(LinkSerializer(link).data, status=status.HTTP_202_ACCEPTED)


def _seen_by(request: Request, pk: str) -> User:
    found: User | None = scope.people(asking.person(request)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
