"""The second factor as JSON."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import Secret
from accounts.api.session_serializers import InsteadOf, SignedInSerializer
from accounts.models import LoginSession
from project.core.api import StrictSerializer


class CodeSerializer(StrictSerializer):
    """A code of the app, six digits; or a recovery code."""

    code = Secret(max_length=40, trim_whitespace=True)


class SecondStepSerializer(CodeSerializer):
    """What the first step gave, and a code."""

    challenge = Secret(max_length=100)
    instead_of = InsteadOf()


class ProofSerializer(StrictSerializer):
    """One of the three."""

    password = Secret(required=False)
    code = Secret(required=False, max_length=40, trim_whitespace=True)
    sms_code = Secret(
        required=False, max_length=40, trim_whitespace=True, help_text="What `auth/sms-code` sent for `confirm`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Send either the password or one code."))
        return attrs


class ConfirmedSerializer(serializers.Serializer[LoginSession]):
    """Until when this counts."""

    confirmed_until = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateTimeField())
    def get_confirmed_until(self, session: LoginSession) -> Any:
        until = session.confirmed_at + timedelta(seconds=settings.STEP_UP_SECONDS)
        return serializers.DateTimeField().to_representation(until)


class TotpSerializer(serializers.Serializer[Any]):
    """One's own second factor."""

    enabled = serializers.BooleanField()
    required = serializers.BooleanField(help_text="Does a role demand one?")  # type: ignore[assignment]  # DRF's own `required` stays reachable through the metaclass
    since = serializers.DateTimeField(allow_null=True)
    recovery_codes_left = serializers.IntegerField()
    secret = serializers.CharField(default=None, allow_null=True, help_text="To type into an app; while there is none.")
    otpauth_uri = serializers.CharField(default=None, allow_null=True, help_text="To show as a QR code; likewise.")


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Each lets its owner in once, in place of the app; they are told this once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class SecondFactorSignedInSerializer(SignedInSerializer):
    """What signing in answers; with recovery codes for who has just enrolled."""

    recovery_codes = serializers.ListField(child=serializers.CharField(), required=False)


class SecondFactorStateSerializer(serializers.Serializer[Any]):
    """Somebody's second factor, as staff see it."""

    enabled = serializers.BooleanField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # likewise
    since = serializers.DateTimeField(allow_null=True)
    recovery_codes_left = serializers.IntegerField()
