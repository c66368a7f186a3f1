"""What the gateway takes and shows over HTTP."""

from re import Pattern
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from project.core.api import StrictSerializer
from project.core.errors import InvalidParameters
from realtime import letters
from realtime.core.frames import MAX_TOPIC
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


class ConnectionSerializer(serializers.Serializer[Any]):
    """An open socket."""

    id = serializers.CharField()
    node = serializers.CharField()
    user_id = serializers.IntegerField(help_text=_("0 for a guest."))
    username = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    user_agent = serializers.CharField()
    since = serializers.FloatField(help_text=_("Seconds since 1970."))
    groups = serializers.ListField(child=serializers.CharField())
    received = serializers.IntegerField()
    sent = serializers.IntegerField()
    buffered = serializers.IntegerField(help_text=_("Bytes the client has not taken yet."))


class NodeSerializer(serializers.Serializer[Any]):
    """A process that serves sockets."""

    id = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    started_at = serializers.FloatField(help_text=_("Seconds since 1970."))
    connections = serializers.IntegerField()
    users = serializers.IntegerField()
    guests = serializers.IntegerField()
    groups = serializers.IntegerField()
    received = serializers.IntegerField()
    sent = serializers.IntegerField()
    evicted = serializers.IntegerField(help_text=_("Readers that were too slow."))
    in_touch = serializers.BooleanField(help_text=_("Whether it reaches the other nodes."))
    outages = serializers.IntegerField(help_text=_("How often it could not."))
    lost = serializers.IntegerField(help_text=_("Messages to other nodes that were lost then."))
