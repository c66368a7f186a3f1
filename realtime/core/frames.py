"""Frames: what a client's text means, and what travels to it.

Client to server `{"id"?: any, "topic": str, "data"?: any}`. Server to client: a push `{"topic", "data"}`, a reply
`{"id", "topic", "data"}` or an error `{"id"?, "topic", "error": {"code", "message"}}`.
"""

import json
import math
import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from realtime.core.codes import gettext_noop

MAX_TOPIC = 100
MAX_DIGITS = 19
FIELDS = frozenset({"id", "topic", "data"})
WELCOME, KICK, ERROR = "welcome", "kick", "error"
RESERVED = frozenset({WELCOME, KICK, ERROR})
"""Topics that mean something to every client, and that only the gateway itself sends."""

TEXT: Final = 0x1
BINARY: Final = 0x2
FINAL: Final = 0x80


class BadFrame(ValueError):
    """A client's frame cannot be understood; `message` is English with `{placeholders}` for `params`.

    `frame` is what could be read of it, so that the answer finds its question.
    """

    def __init__(self, message: str, frame: "Frame | None" = None, /, **params: Any) -> None:
        self.message, self.frame, self.params = message, frame, params
        super().__init__(message.format(**params))


class Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Frame(NamedTuple):
    """A client's frame; `id` is MISSING when no reply is wanted."""

    topic: str
    data: Any = None
    id: Any = MISSING


def _constant(name: str) -> float:
    raise BadFrame(gettext_noop("{number} is not a number in JSON."), number=name)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BadFrame(gettext_noop("The number {number} is too large."), number=text[:24])
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadFrame(gettext_noop("The number {number} is too large."), number=f"{text[:20]}…")
    return int(text)


def _forgiving(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def read_or_miss(text: str) -> Any:
        try:
            return read(text)
        except BadFrame:
            return MISSING

    return read_or_miss


_decoder = json.JSONDecoder(parse_constant=_constant, parse_float=_float, parse_int=_int)
_forgiving_decoder = json.JSONDecoder(
    parse_constant=_forgiving(_constant), parse_float=_forgiving(_float), parse_int=_forgiving(_int)
)


def decode(text: str) -> Frame:
    """Read a client's frame.

    :raises BadFrame: saying what is wrong, and where.
    """
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as bad:
        raise BadFrame(
            gettext_noop("This is not JSON: line {line}, column {column}."), line=bad.lineno, column=bad.colno
        ) from None
    except BadFrame as bad:
        bad.frame = _despite_numbers(text)
        raise
    except RecursionError:
        raise BadFrame(gettext_noop("The frame is nested too deeply.")) from None
    if not isinstance(value, dict):
        raise BadFrame(gettext_noop("A frame is an object: {example}"), example='{"topic": "ping"}')
    if unknown := value.keys() - FIELDS:
        raise BadFrame(
            gettext_noop("The field “{field}” is not known; a frame has id, topic and data."),
            _recognisable(value),
            field=min(unknown)[:50],
        )
    topic = value.get("topic")
    if not isinstance(topic, str) or not 0 < len(topic) <= MAX_TOPIC:
        problem = gettext_noop("“topic” must be a text of 1 to {limit} characters.")
        raise BadFrame(problem, _recognisable(value), limit=MAX_TOPIC)
    return Frame(topic, value.get("data"), value.get("id", MISSING))


def _despite_numbers(text: str) -> Frame | None:
    try:
        value = _forgiving_decoder.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return _recognisable(value) if isinstance(value, dict) else None


def _recognisable(value: dict[str, Any]) -> Frame:
    """Return the id and the topic of a bad frame, as far as they can be sent back."""
    topic, given = value.get("topic"), value.get("id", MISSING)
    try:
        encode({"id": given})
    except (TypeError, RecursionError):  # it holds a number that is none, or is too deep
        given = MISSING
    return Frame(topic if isinstance(topic, str) else ERROR, None, given)


Default = Callable[[Any], Any]


def encode(body: dict[str, Any], default: Default | None = None) -> bytes:
    """Return `body` as JSON; `default` translates what JSON does not know.

    :raises TypeError, ValueError: when something in it cannot be written as JSON.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate: legal as an escape only
        return json.dumps(body, separators=(",", ":"), allow_nan=False, default=default).encode()


class Message:
    """One outgoing frame, encoded once however many connections get it.

    `payload` is what the frame carries; `wire` are the bytes of the whole WebSocket frame.
    """

    __slots__ = ("binary", "payload", "topic", "wire")

    def __init__(self, payload: bytes, *, binary: bool = False, topic: str = "") -> None:
        self.payload, self.binary, self.topic = payload, binary, topic
        self.wire = _header(len(payload), BINARY if binary else TEXT) + payload

    @classmethod
    def push(cls, topic: str, data: Any, default: Default | None = None) -> "Message":
        """A push; `data` given as bytes travels alone, as a binary frame."""
        if isinstance(data, bytes | bytearray | memoryview):
            return cls(bytes(data), binary=True, topic=topic)
        return cls(encode({"topic": topic, "data": data}, default), topic=topic)

    @classmethod
    def reply(cls, frame: Frame, data: Any, default: Default | None = None) -> "Message":
        return cls(encode({"id": frame.id, "topic": frame.topic, "data": data}, default))

    @classmethod
    def error(
        cls,
        code: str,
        message: str,
        frame: Frame | None = None,
        fields: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> "Message":
        """An error; `frame` is the one that caused it, when it could be read; `fields` name the places.

        `extra` is what else a program must know, such as `retry_after`.
        """
        about: dict[str, Any] = {"code": code, "message": message, **(extra or {})}
        if fields:
            about["fields"] = fields
        body: dict[str, Any] = {"topic": frame.topic if frame else ERROR, "error": about}
        if frame and frame.id is not MISSING:
            body = {"id": frame.id, **body}
        return cls(encode(body, str))


def _header(length: int, opcode: int) -> bytes:
    if length < 126:
        return bytes((FINAL | opcode, length))
    if length < 65_536:
        return struct.pack("!BBH", FINAL | opcode, 126, length)
    return struct.pack("!BBQ", FINAL | opcode, 127, length)
