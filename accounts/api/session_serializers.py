"""Sessions, and how one begins, as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import passwords, sessions, tickets, tokens
from accounts.api.fields import Captcha, Secret, Text
from accounts.api.origins import ORIGIN, OriginSerializer
from accounts.api.user_serializers import UserSerializer
from accounts.models import LoginSession
from project.core.api import StrictSerializer


class SessionSerializer(OriginSerializer):
    """Somewhere a person is signed in."""

    id = serializers.CharField(source="sid")
    current = serializers.SerializerMethodField(help_text="Is it the session that asks?")
    expires_at = serializers.DateTimeField(source="runs_out_at", help_text="Unless it is renewed by use.")
    renewals_left = serializers.SerializerMethodField(help_text="How often use may still renew it; null: no limit.")
    acts_as = serializers.CharField(
        allow_null=True,
        source="subject.username",
        default=None,
        read_only=True,
        help_text="As whom it speaks at the moment; null: oneself.",
    )

    class Meta:
        model = LoginSession
        fields = (
            "id",
            "scope",
            "kind",
            "device",
            *ORIGIN,
            "created_at",
            "last_seen_at",
            "expires_at",
            "absolute_expires_at",
            "renew_count",
            "renewals_left",
            "acts_as",
            "current",
        )
        read_only_fields = fields

    def get_renewals_left(self, session: LoginSession) -> int | None:
        return sessions.renewals_left(session)

    def get_current(self, session: LoginSession) -> bool:
        asking = self.context.get("session")
        return asking is not None and asking.pk == session.pk


class MySessionSerializer(SessionSerializer):
    """Somewhere the caller is signed in."""

    watched = serializers.SerializerMethodField(help_text="Do staff see what a socket of it sends and gets?")

    class Meta(SessionSerializer.Meta):
        fields: Any = (*SessionSerializer.Meta.fields, "watched")
        read_only_fields = fields

    def get_watched(self, session: LoginSession) -> bool:
        return session.sid in self.context["watched"]


class InsteadOf(serializers.RegexField):
    """Which session may end for the one that begins."""

    def __init__(self) -> None:
        words = "After 10005: the `id` of one of its `sessions`, or `oldest`, to sign out there instead."
        super().__init__(r"^(oldest|[0-9a-f]{32})?\Z", required=False, allow_blank=True, default="", help_text=words)


class LoginSerializer(StrictSerializer):
    """User name and password."""

    username = Text(max_length=150)
    password = Secret()
    device = Text(max_length=100, required=False, allow_blank=True, default="", help_text="What the person calls it.")
    instead_of = InsteadOf()
    captcha = Captcha()


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = Secret()


class PasswordSerializer(StrictSerializer):
    """The present password and the one to come."""

    old_password = Secret()
    new_password = Secret(max_length=128)


class SignedInSerializer(serializers.Serializer[LoginSession]):
    """What signing in and refreshing answer."""

    access = serializers.SerializerMethodField()
    refresh = serializers.SerializerMethodField(help_text="For `auth/refresh`, once; it names its own successor.")
    access_expires_in = serializers.SerializerMethodField(help_text="Seconds.")
    refresh_expires_in = serializers.SerializerMethodField(help_text="Seconds; use renews it.")
    session = serializers.SerializerMethodField()
    user = UserSerializer(read_only=True)
    password_due = serializers.SerializerMethodField(
        help_text="Must they choose a new password first? Until then other calls answer 20010."
    )

    def get_password_due(self, session: LoginSession) -> bool:
        return passwords.is_due(session)

    def get_access(self, session: LoginSession) -> str:
        return tokens.access(session)

    def get_refresh(self, session: LoginSession) -> str:
        return tokens.refresh(session)

    def get_access_expires_in(self, session: LoginSession) -> int:
        return tokens.seconds_given(session, tokens.access_expires_at(session))

    def get_refresh_expires_in(self, session: LoginSession) -> int:
        return tokens.seconds_given(session, session.runs_out_at)

    @extend_schema_field(SessionSerializer)
    def get_session(self, session: LoginSession) -> Any:
        return SessionSerializer(session, context={"session": session}).data


class TicketSerializer(serializers.Serializer[Any]):
    """A one-time credential of a socket: `/ws/?ticket=…`."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(default=tickets.LIFETIME_SECONDS)


class EndedSerializer(serializers.Serializer[Any]):
    """How many sessions ended."""

    ended = serializers.IntegerField()
