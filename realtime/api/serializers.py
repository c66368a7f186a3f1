"""What the gateway takes and shows over HTTP."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from project.core.api import StrictSerializer
from realtime.core.frames import MAX_TOPIC, RESERVED
from realtime.topics import GROUP, TOPIC

MAX_ID = 2**63 - 1
MAX_AUDIENCE = 1000
NO_GROUP = _("This is not a group's name.")


class StrictIntegerField(serializers.IntegerField):
    """Takes JSON's whole numbers, and nothing that could be read as one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class StrictTextField(serializers.CharField):
    """Takes JSON's texts only."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


def _user(**more: Any) -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=MAX_ID, **more)


def _pattern(pattern: str, message: Any, **more: Any) -> StrictTextField:
    whole = RegexValidator(f"^(?:{pattern})\\Z", message)
    return StrictTextField(validators=[whole], trim_whitespace=False, **more)


def _group(**more: Any) -> StrictTextField:
    return _pattern(GROUP.pattern, NO_GROUP, max_length=100, **more)


class AudienceSerializer(StrictSerializer):
    """Whom a message is for: exactly one of the fields."""

    user = _user(required=False)
    users = serializers.ListField(child=_user(), allow_empty=False, max_length=MAX_AUDIENCE, required=False)
    group = _group(required=False)
    groups = serializers.ListField(child=_group(), allow_empty=False, max_length=MAX_AUDIENCE, required=False)
    connection = _pattern(r"[0-9a-f-]{1,64}", _("This is not a connection's id."), required=False)
    all = serializers.BooleanField(required=False)

    def validate_all(self, value: bool) -> bool:
        if value is not True or self.initial_data_of("all") is not True:
            raise serializers.ValidationError(_("Only true makes sense here."))
        return value

    def initial_data_of(self, name: str) -> Any:
        """Return what was really sent for a field, before it was read."""
        parent = getattr(self.parent, "initial_data", None)
        given = parent.get(self.field_name) if isinstance(parent, dict) else None
        return given.get(name) if isinstance(given, dict) else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(
                _("Name exactly one audience: user, users, group, groups, connection or all.")
            )
        return attrs


class MessageSerializer(StrictSerializer):
    """A message to sockets."""

    to = AudienceSerializer()
    topic = _pattern(
        TOPIC.pattern,
        _("A topic is lower-case words separated by dots, such as orders.changed."),
        max_length=MAX_TOPIC,
    )
    data = serializers.JSONField(required=False, allow_null=True, default=None, help_text=_("Any JSON."))  # type: ignore[assignment]  # the contract's name; DRF's property of that name is not needed
    exclude_user = _user(required=False, allow_null=True, help_text=_("With group, groups and all only."))

    def validate_topic(self, value: str) -> str:
        if value in RESERVED:
            raise serializers.ValidationError(_("The gateway itself sends this topic; choose another."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("exclude_user") is not None and not attrs["to"].keys() & {"group", "groups", "all"}:
            raise serializers.ValidationError(
                {"exclude_user": [_("Only group, groups and all can leave somebody out.")]}
            )
        return attrs


class SentSerializer(serializers.Serializer[Any]):
    """The id under which the audit trail knows a message."""

    id = serializers.CharField()


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
