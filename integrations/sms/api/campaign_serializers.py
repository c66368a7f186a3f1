"""What the API of campaigns takes and tells."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.sms import campaigns, looks, phones
from integrations.sms.campaigns.beginning import MOST_PEOPLE
from integrations.sms.models import Campaign, Message, Recipient
from integrations.sms.services.messages import LONGEST_PARAMETER
from project.core.api import StrictSerializer

MOST_ROWS = 5_000
"""Recipients in one call; more come as a sheet."""


class ParametersField(serializers.DictField):
    """Parameters by name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=LONGEST_PARAMETER), **options)


class CampaignQuerySerializer(StrictSerializer):
    """How the campaigns may be narrowed; newest first."""

    state = serializers.ChoiceField(Campaign.State.choices, required=False)


class CampaignRecipientSerializer(StrictSerializer):
    """A number, and what is said to it alone."""

    phone = serializers.CharField(max_length=phones.LONGEST)
    parameters = ParametersField(default=dict)


class _SaidSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80, default="", allow_blank=True)
    template = serializers.SlugField(max_length=40)
    parameters = ParametersField(default=dict, help_text="The same for all.")


class CampaignBeginSerializer(_SaidSerializer):
    """A template, and whom it is for: people in your scope, or numbers."""

    people = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False, max_length=MOST_PEOPLE
    )
    recipients = CampaignRecipientSerializer(  # type: ignore[call-arg]  # of the list, as `many` makes one
        many=True, required=False, max_length=MOST_ROWS
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of both."""
        if bool(given.get("people")) == bool(given.get("recipients")):
            wrong = [str(serializers.Field.default_error_messages["required"])]
            raise serializers.ValidationError({"people": wrong})
        return given


class CampaignUploadSerializer(_SaidSerializer):
    """A template, and a sheet with a column `phone` and one for each parameter that differs."""

    file = serializers.FileField(allow_empty_file=True, help_text=".xlsx or .csv")
    parameters = serializers.JSONField(  # type: ignore[assignment]  # a part of a form is text
        default=dict, help_text="The same for all: an object, as JSON."
    )

    def validate_parameters(self, given: Any) -> dict[str, str]:
        """An object of texts."""
        field = ParametersField()
        checked: dict[str, str] = field.run_validation(given)
        return checked


class CampaignSheetSerializer(StrictSerializer):
    """Which sheet."""

    template = serializers.SlugField(max_length=40)
    filled = serializers.CharField(
        default="",
        max_length=1_000,
        help_text="Parameters that are the same for all, with commas: they need no column.",
    )


class CampaignConfirmSerializer(StrictSerializer):
    """A confirmation of what was counted."""

    recipients = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31, help_text="Refused when it is another number by now."
    )


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign. `done` of `recipients` messages wait no more, whatever became of them."""

    state_text = serializers.CharField(source="get_state_display")
    template = serializers.CharField(source="template.key")
    recipients_from = serializers.ChoiceField(["people", "rows", "sheet"], source="source")
    recipients = serializers.IntegerField(source="good")
    left_out = serializers.IntegerField(source="bad")
    waits_for = serializers.ChoiceField(["", "budget"], help_text="What a campaign that is being sent waits for.")
    error = serializers.CharField(help_text="Why it failed.")
    created_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)  # type: ignore[var-annotated]  # of any user model
    confirmed_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)  # type: ignore[var-annotated]  # likewise

    class Meta:
        model = Campaign
        fields: tuple[str, ...] = (
            "id",
            "name",
            "state",
            "state_text",
            "template",
            "parameters",
            "recipients_from",
            "file_name",
            "recipients",
            "left_out",
            "segments",
            "cost",
            "currency",
            "done",
            "waits_for",
            "notes",
            "error",
            "created_by",
            "created_at",
            "confirmed_by",
            "confirmed_at",
            "finished_at",
        )
        read_only_fields = fields


class CampaignDetailSerializer(CampaignSerializer):
    """A campaign, with its messages by state and how fast they leave."""

    messages = serializers.SerializerMethodField(help_text="By state.")
    rate = serializers.SerializerMethodField(help_text="Messages a second.")
    seconds_left = serializers.SerializerMethodField(help_text="An estimate; null when there is none.")

    class Meta(CampaignSerializer.Meta):
        fields = (*CampaignSerializer.Meta.fields, "messages", "rate", "seconds_left")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_messages(self, campaign: Campaign) -> dict[str, int]:
        return campaigns.tallies(campaign)

    @extend_schema_field(serializers.IntegerField())
    def get_rate(self, campaign: Campaign) -> int:
        return campaigns.pace(campaign)[0]

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_seconds_left(self, campaign: Campaign) -> int | None:
        return campaigns.pace(campaign)[1]


class RecipientQuerySerializer(StrictSerializer):
    """Which recipients."""

    left_out = serializers.BooleanField(default=False, help_text="Those that get nothing, with the reason.")


class RecipientSerializer(serializers.ModelSerializer[Recipient]):
    """Somebody who is to get a message, or a row that nobody can be written to by."""

    row = serializers.IntegerField(source="number")
    phone = serializers.SerializerMethodField(
        help_text="Masked without `sms.view_phone`; what stood there, where that is none."
    )
    user = serializers.IntegerField(source="person_id", allow_null=True)
    message = serializers.UUIDField(source="message_id", allow_null=True)
    state = serializers.ChoiceField(Message.State.choices, source="message.state", default=None, allow_null=True)

    class Meta:
        model = Recipient
        fields = ("row", "phone", "user", "language", "parameters", "problem", "message", "state")
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_phone(self, recipient: Recipient) -> str:
        user = self.context["request"].user
        return looks.phone(recipient.phone, user) if recipient.phone else looks.as_given(recipient.given, user)
