"""What the gateway takes and shows over HTTP."""

from re import Pattern
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from project.core.api import StrictSerializer
from project.core.errors import InvalidParameters
from realtime import letters
from realtime.core.connection import MAX_GROUPS, ConnectionInfo
from realtime.core.frames import MAX_TOPIC
from realtime.devices import device
from realtime.handlers import MAX_SETTING
from realtime.oversight import Wanted
from realtime.schemas import MAX_KEY
from realtime.topics import GROUP, TOPIC


class StrictTextField(serializers.CharField):
    """Takes JSON's texts only."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


def _user(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=letters.MAX_USER, required=False, **more)


def _pattern(pattern: Pattern[str], longest: int = 100, **more: Any) -> serializers.RegexField:
    return serializers.RegexField(f"^(?:{pattern.pattern})\\Z", max_length=longest, trim_whitespace=False, **more)


def _several(child: Any) -> serializers.ListField:
    return serializers.ListField(child=child, allow_empty=False, max_length=letters.MAX_AUDIENCE, required=False)


class AudienceSerializer(StrictSerializer):
    """Whom a message is for: exactly one of the fields, or `user` and `group`: that user's connections in the group."""

    user = _user()
    users = _several(serializers.IntegerField(min_value=1, max_value=letters.MAX_USER))
    group = _pattern(GROUP, letters.MAX_GROUP, required=False)
    groups = _several(_pattern(GROUP, letters.MAX_GROUP))
    connection = _pattern(letters.CONNECTION, required=False)
    all = serializers.BooleanField(required=False)


class MessageSerializer(StrictSerializer):
    """A message to sockets: what realtime/letters.py reads, described for the OpenAPI schema."""

    to = AudienceSerializer()
    topic = _pattern(TOPIC, MAX_TOPIC)
    data = serializers.JSONField(required=False, allow_null=True, help_text=_("Any JSON."))  # type: ignore[assignment]  # the contract's name; DRF's property of that name is not needed
    data_base64 = serializers.CharField(required=False, allow_null=True, help_text=_("Bytes, for a binary frame."))
    exclude_user = _user(allow_null=True, help_text=_("With group, groups and all only."))
    id = _pattern(
        letters.ID,
        required=False,
        allow_null=True,
        help_text=_("Of two messages with one id, within a day, the second is not delivered."),
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=_("Not to be delivered from this moment on.")
    )
    receipt = serializers.BooleanField(
        required=False, default=False, help_text=_("Answer how many connections got it, on which nodes.")
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the letter, and whether a receipt is wanted.

        :raises InvalidParameters: naming every field that is wrong.
        """
        body = dict(data) if isinstance(data, dict) else {}
        receipt = body.pop("receipt", False)
        if not isinstance(receipt, bool):
            raise InvalidParameters(fields={"receipt": [_("true or false.")]})
        return {"letter": letters.read(body), "receipt": receipt}


class SentSerializer(serializers.Serializer[Any]):
    """What became of a message."""

    id = serializers.CharField(help_text=_("The audit trail knows it."))
    duplicate = serializers.BooleanField(
        required=False, help_text=_("Only when a message of this id was delivered before: this one was not.")
    )
    delivered = serializers.IntegerField(
        required=False, help_text=_("Only with a receipt: how many connections got it.")
    )
    nodes = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text=_("Only with a receipt: how many on each node.")
    )
    silent = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text=_("Only with a receipt: nodes that did not answer in time."),
    )


class DisconnectSerializer(StrictSerializer):
    """Why a socket is closed."""

    reason = StrictTextField(max_length=100, required=False, allow_blank=True, default="")


class WantedSerializer(serializers.Serializer[Any]):
    """Which open sockets are looked for."""

    user = serializers.IntegerField(
        required=False, min_value=0, max_value=letters.MAX_USER, help_text=_("Only this user's; 0: guests.")
    )
    group = serializers.CharField(required=False, max_length=100, help_text=_("Only those in this group."))
    node = serializers.CharField(required=False, max_length=64, help_text=_("Only those of this process."))
    address = serializers.CharField(required=False, max_length=64, help_text=_("Only those from this address."))
    kind = serializers.ChoiceField(
        required=False,
        choices=[("people", _("People")), ("guests", _("Guests")), ("machines", _("Machines"))],
        help_text=_("Only those of people, of guests, or of machines with an API token."),
    )
    older_than = serializers.FloatField(required=False, min_value=0, help_text=_("Open for so many seconds at least."))
    younger_than = serializers.FloatField(required=False, min_value=0, help_text=_("Open for so many seconds at most."))
    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text=_("Words in names, addresses, devices, groups or ids; all of them."),
    )

    def wanted(self) -> Wanted:
        """Return what was asked for.

        :raises ValidationError: naming what makes no sense.
        """
        self.is_valid(raise_exception=True)
        asked = dict(self.validated_data)
        words = tuple(asked.pop("q", "").lower().split())
        return Wanted(words=words, **asked)


class ConnectionSerializer(serializers.Serializer[Any]):
    """An open socket."""

    id = serializers.CharField()
    node = serializers.CharField()
    user_id = serializers.IntegerField(help_text=_("0 for a guest."))
    username = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    user_agent = serializers.CharField()
    device = serializers.SerializerMethodField(help_text=_("The user agent in two words."))
    network = serializers.CharField(help_text=_("“wss” over TLS, else “ws”."))
    language = serializers.CharField()
    since = serializers.FloatField(help_text=_("Seconds since 1970."))
    groups = serializers.ListField(child=serializers.CharField())
    settings = serializers.DictField(child=serializers.CharField())
    received = serializers.IntegerField()
    sent = serializers.IntegerField()
    buffered = serializers.IntegerField(help_text=_("Bytes the client has not taken yet."))
    last_error = serializers.CharField(help_text=_("What its last bad frame, or last failed call, was told."))

    def get_device(self, one: ConnectionInfo) -> str:
        return device(one["user_agent"])


class ChangeSerializer(StrictSerializer):
    """What is changed of a socket."""

    settings = serializers.DictField(
        child=StrictTextField(allow_null=True, allow_blank=True, trim_whitespace=False, max_length=MAX_SETTING),
        required=False,
        help_text=_("Text to text; null removes one."),
    )
    join = serializers.ListField(child=_pattern(GROUP, letters.MAX_GROUP), required=False, max_length=MAX_GROUPS)
    leave = serializers.ListField(child=_pattern(GROUP, letters.MAX_GROUP), required=False, max_length=MAX_GROUPS)

    def validate_settings(self, value: dict[str, str | None]) -> dict[str, str | None]:
        if not all(0 < len(key) <= MAX_KEY for key in value):
            raise serializers.ValidationError(_("A key has 1 to {limit} characters.").format(limit=MAX_KEY))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.values()):
            raise serializers.ValidationError(_("Say what is to change: settings, join or leave."))
        return attrs
