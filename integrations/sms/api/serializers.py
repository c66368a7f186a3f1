"""What the API of text messages takes and tells."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.sms import looks, phones
from integrations.sms.models import Attempt, Message
from project.core.api import StrictSerializer


class LanguageField(serializers.ChoiceField):
    """A language of the house."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(settings.LANGUAGES), **options)


class SendSerializer(StrictSerializer):
    """A message to a number, or to a person in your scope."""

    phone = serializers.CharField(
        required=False,
        max_length=phones.LONGEST,
        help_text="Best in E.164. With `sms.send_to_number` any; else of somebody in your scope.",
    )
    user = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    template = serializers.SlugField(max_length=40)
    parameters = serializers.DictField(child=serializers.CharField(max_length=200), default=dict)
    language = LanguageField(required=False, help_text="By default the person's.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of both."""
        if ("phone" in given) == ("user" in given):
            raise serializers.ValidationError({"phone": [_("Choose a person, or give a number: one of the two.")]})
        return given


class AcceptedSerializer(serializers.Serializer[Message]):
    """It waits for a worker."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Message.State.choices)


class MessageQuerySerializer(StrictSerializer):
    """How the messages may be narrowed; newest first."""

    state = serializers.ChoiceField(Message.State.choices, required=False)
    purpose = serializers.CharField(required=False, max_length=20)
    template = serializers.SlugField(required=False, max_length=40)
    provider = serializers.SlugField(required=False, max_length=40)
    phone = serializers.CharField(required=False, max_length=phones.LONGEST, help_text="The whole number.")
    user = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Without this moment itself.")


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message. Its secret parameters are nobody's to read."""

    state_text = serializers.CharField(source="get_state_display")
    phone = serializers.SerializerMethodField(help_text="Masked without `sms.view_phone`.")
    template = serializers.CharField(source="template.key")
    text = serializers.CharField()
    user = serializers.IntegerField(source="person_id", allow_null=True)
    asked_by = serializers.IntegerField(source="created_by_id", allow_null=True)
    provider = serializers.CharField(source="provider.key", default=None, allow_null=True)
    can_be_sent_again = serializers.BooleanField()

    class Meta:
        model = Message
        fields: tuple[str, ...] = (
            "id",
            "state",
            "state_text",
            "phone",
            "template",
            "text",
            "language",
            "purpose",
            "user",
            "asked_by",
            "provider",
            "segments",
            "cost",
            "currency",
            "error_code",
            "error",
            "created_at",
            "expires_at",
            "sent_at",
            "delivered_at",
            "can_be_sent_again",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_phone(self, message: Message) -> str:
        return looks.phone(message.phone, self.context["request"].user)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """A time the message was handed to a provider, and what came back."""

    provider = serializers.CharField(source="provider_key")
    outcome_text = serializers.CharField(source="get_outcome_display")

    class Meta:
        model = Attempt
        fields = (
            "number",
            "provider",
            "started_at",
            "ended_at",
            "outcome",
            "outcome_text",
            "error_code",
            "error",
            "remote_id",
            "request_id",
            "cost",
            "repeats",
            "receipt",
            "receipt_code",
            "receipt_at",
        )
        read_only_fields = fields


class MessageDetailSerializer(MessageSerializer):
    """A message, with each time it was tried."""

    tries = AttemptSerializer(many=True)

    class Meta(MessageSerializer.Meta):
        fields = (*MessageSerializer.Meta.fields, "tries")
        read_only_fields = fields


class NothingSerializer(StrictSerializer):
    """Nothing is asked for."""
