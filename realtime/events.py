"""What the server tells clients on its own: every app declares the events that it sends.

    # orders/topics.py
    event("orders.changed", OrderChangedSerializer, about=_("An order of yours moved on."))

The serializer says what `data` holds; nothing is checked while sending. From here clients learn what may come:
/api/asyncapi/, the reference page and docs/realtime.md. A test finds every push of a topic that is declared nowhere.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from realtime.core.frames import ERROR, KICK, TAP_FRAMES, WELCOME
from realtime.topics import TOPIC, DoubleRegistration

Serializer = type[serializers.Serializer[Any]]


@dataclass(frozen=True, slots=True)
class Event:
    """A declared event; `example` is what its data may look like."""

    name: str
    schema: Serializer
    about: Any
    example: Any

    @property
    def carries(self) -> str:
        """The member of the frame that the schema describes."""
        return "error" if self.name == ERROR else "data"

    @property
    def frame(self) -> dict[str, Any]:
        """A whole frame."""
        return {"topic": self.name, self.carries: self.example}


_events: dict[str, Event] = {}


def event(name: str, schema: Serializer, *, about: Any, example: Any) -> Event:
    """Declare something the server tells; keep it in `topics.py`, where it is found at start."""
    if not TOPIC.fullmatch(name):
        raise ValueError(f"{name!r} is no topic: lower-case words separated by dots, such as orders.changed")
    if name in _events:
        raise DoubleRegistration(f"The event {name!r} is declared already, with {_events[name].schema.__name__}.")
    _events[name] = Event(name, schema, about, example)
    return _events[name]


def declared() -> list[Event]:
    """Return all events, by name."""
    return [_events[name] for name in sorted(_events)]


# what the gateway itself tells


class PersonSerializer(serializers.Serializer[Any]):
    """Whom a connection is bound to."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()


class HeartbeatSerializer(serializers.Serializer[Any]):
    """How often a client must let itself be heard."""

    idle_seconds = serializers.FloatField(help_text=_("Silence that closes the socket with 4000; 0: never."))
    every = serializers.FloatField(help_text=_("How often a client should say something, in seconds."))


class LimitsSerializer(serializers.Serializer[Any]):
    """What one connection may do."""

    frame = serializers.IntegerField(help_text=_("Largest frame, in bytes."))
    buffer = serializers.IntegerField(help_text=_("Unsent bytes beyond which a reader is too slow."))
    rate = serializers.IntegerField(help_text=_("Frames a second."))
    burst = serializers.IntegerField(help_text=_("Frames at once."))
    user_rate = serializers.IntegerField(
        allow_null=True, help_text=_("Frames a second of all your connections to this node; null: no limit.")
    )
    user_burst = serializers.IntegerField(allow_null=True, help_text=_("Frames of theirs at once; null: no limit."))
    depth = serializers.IntegerField(help_text=_("Levels of lists and maps in a frame."))
    calls = serializers.IntegerField(help_text=_("Calls that may wait for their answers at once."))


class WelcomeSerializer(serializers.Serializer[Any]):
    """The data of the first frame."""

    connection = serializers.CharField(help_text=_("The connection's id."))
    node = serializers.CharField(help_text=_("The process that serves it."))
    time = serializers.FloatField(help_text=_("The server's time, in seconds since 1970."))
    user = PersonSerializer(allow_null=True, help_text=_("Who you are; null for a guest."))
    heartbeat = HeartbeatSerializer()
    authenticate_within = serializers.FloatField(
        allow_null=True, help_text=_("Seconds in which a guest must sign in; null where that is not needed.")
    )
    limits = LimitsSerializer()


class KickSerializer(serializers.Serializer[Any]):
    """Why the socket is about to be closed."""

    code = serializers.IntegerField(help_text=_("The close code that follows."))
    reason = serializers.CharField(help_text=_("In the client's language."))
    retry_after = serializers.FloatField(
        required=False, help_text=_("Of 1012: after how many seconds to connect again.")
    )


class FrameErrorSerializer(serializers.Serializer[Any]):
    """What was wrong with a frame."""

    code = serializers.CharField(help_text=_("See the table of codes."))
    message = serializers.CharField(help_text=_("In the client's language."))
    fields = serializers.DictField(  # type: ignore[assignment]  # the contract's name; DRF's own `fields` stays reachable through the metaclass
        required=False, help_text=_("What is wrong, by field.")
    )
    retry_after = serializers.IntegerField(
        required=False, help_text=_("Of 10007: seconds until it may be asked again.")
    )
    request_id = serializers.CharField(
        required=False, help_text=_("Of an error on our side: the log tells more under it.")
    )


event(
    WELCOME,
    WelcomeSerializer,
    about=_("The first frame: who you are here, and what is expected of you."),
    example={
        "connection": "5c1f0a9be47d-82b1f6c0d3a94e57",
        "node": "5c1f0a9be47d",
        "time": 1767225600.25,
        "user": {"id": 7, "username": "mei", "name": "Mei Lin"},
        "heartbeat": {"idle_seconds": 30.0, "every": 15.0},
        "authenticate_within": None,
        "limits": {
            "frame": 65536,
            "buffer": 1048576,
            "rate": 50,
            "burst": 100,
            "user_rate": 500,
            "user_burst": 1000,
            "depth": 32,
            "calls": 20,
        },
    },
)
event(
    KICK,
    KickSerializer,
    about=_("Just before the server closes the socket for a reason that concerns you."),
    example={"code": 4503, "reason": "Disconnected by staff."},
)
event(
    ERROR,
    FrameErrorSerializer,
    about=_("A frame was refused. It has the id and the topic of that frame, as far as they could be read."),
    example={"code": "40000", "message": "This is not JSON: line 1, column 9."},
)


class SeenFrameSerializer(serializers.Serializer[Any]):
    """One frame of a watched connection."""

    at = serializers.FloatField(help_text=_("Seconds since 1970."))
    way = serializers.ChoiceField(choices=["in", "out", "note"])
    topic = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text=_("Bytes."))
    text = serializers.CharField(help_text=_("Its beginning, without secrets."))
    cut = serializers.BooleanField()


class SeenFramesSerializer(serializers.Serializer[Any]):
    """What a watched connection sent and got since the last time."""

    connection = serializers.CharField()
    frames = SeenFrameSerializer(many=True)
    left_out = serializers.IntegerField(help_text=_("Frames beyond what is shown."))
    ended = serializers.ChoiceField(choices=["closed", "time", "left"], required=False)


event(
    TAP_FRAMES,
    SeenFramesSerializer,
    about=_("What a connection you watch sent and got; `ended` says why there will be no more."),
    example={
        "connection": "5c1f0a9be47d-82b1f6c0d3a94e57",
        "frames": [
            {"at": 1767225600.25, "way": "in", "topic": "ping", "size": 16, "text": '{"topic": "ping"}', "cut": False}
        ],
        "left_out": 0,
    },
)
