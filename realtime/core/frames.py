"""Frames: what a client's text means, and what travels to it.

Client to server `{"id"?: any, "topic": str, "data"?: any}`. Server to client: a push `{"topic", "data"}`, a reply
`{"id", "topic", "data"}` or an error `{"id"?, "topic", "error": {"code", "message"}}`. As JSON text, or as MessagePack
(realtime/core/packed.py) on a connection that asked for it; both say the same: values that JSON knows, or bytes as the
whole of `data`. In JSON such bytes travel alone, as a binary frame.
"""

import json
import math
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

import msgpack

from realtime.core.codes import gettext_noop

MAX_TOPIC = 100
SMALLEST, BEYOND = -(2**63), 2**64
"""Whole numbers are those of 64 bits, signed or not."""
MAX_DIGITS = len(str(BEYOND))
MAX_DEPTH = 32
"""How many levels of lists and maps a client's frame may have; the frame itself is the first."""
MAX_DEPTH_OUT = 500
"""… and one of ours: MessagePack's library goes no deeper."""
FIELDS = frozenset({"id", "topic", "data"})
WELCOME, KICK, ERROR = "welcome", "kick", "error"
TAP_FRAMES = "tap.frames"
RESERVED = frozenset({WELCOME, KICK, ERROR, TAP_FRAMES})
"""Topics that mean something to every client, and that only the gateway itself sends."""

BYTES = (bytes, bytearray, memoryview)
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
    if len(text) > MAX_DIGITS or not SMALLEST <= (number := int(text)) < BEYOND:
        raise BadFrame(gettext_noop("The number {number} is too large."), number=f"{text[:20]}…")
    return number


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
        raise too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise too_deep(recognisable(value))
    return read(value)


def read(value: Any) -> Frame:
    """Return the frame that `value` is.

    :raises BadFrame: when it is none.
    """
    if not isinstance(value, dict):
        raise BadFrame(gettext_noop("A frame is an object: {example}"), example='{"topic": "ping"}')
    if unknown := value.keys() - FIELDS:
        raise BadFrame(
            gettext_noop("The field “{field}” is not known; a frame has id, topic and data."),
            recognisable(value),
            field=min(unknown)[:50],
        )
    topic = value.get("topic")
    if not isinstance(topic, str) or not 0 < len(topic) <= MAX_TOPIC:
        problem = gettext_noop("“topic” must be a text of 1 to {limit} characters.")
        raise BadFrame(problem, recognisable(value), limit=MAX_TOPIC)
    return Frame(topic, value.get("data"), value.get("id", MISSING))


def too_deep(frame: Frame | None = None) -> BadFrame:
    return BadFrame(gettext_noop("The frame is nested too deeply: at most {limit} levels."), frame, limit=MAX_DEPTH)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether `value` has more than so many levels of lists and maps."""
    level = [value]
    for _ in range(levels):
        if not (level := inner(level)):
            return False
    return any(isinstance(one, dict | list) for one in level)


def inner(level: list[Any]) -> list[Any]:
    """Return what the lists and maps among `level` hold."""
    of_lists = [one for outer in level if isinstance(outer, list) for one in outer]
    return of_lists + [one for outer in level if isinstance(outer, dict) for one in outer.values()]


def _despite_numbers(text: str) -> Frame | None:
    try:
        value = _forgiving_decoder.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return recognisable(value)


def recognisable(value: Any) -> Frame | None:
    """Return the id and the topic of a bad frame, as far as they can be sent back."""
    if not isinstance(value, dict):
        return None
    topic, given = value.get("topic"), value.get("id", MISSING)
    try:
        encode({"id": given})
    except (TypeError, ValueError, RecursionError):  # it holds what is no JSON, or is too deep
        given = MISSING
    return Frame(topic if isinstance(topic, str) else ERROR, None, given)


Default = Callable[[Any], Any]


@cache
def _writer(default: Default | None) -> Callable[[Any], str]:
    # `json.dumps` would make an encoder for each frame
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default).encode


def encode(body: dict[str, Any], default: Default | None = None) -> bytes:
    """Return `body` as JSON; `default` translates what JSON does not know.

    :raises TypeError, ValueError: when something in it cannot be written as JSON, or it is nested too deeply.
    """
    text = _writer(default)(body)
    if text.count("[") + text.count("{") > MAX_DEPTH_OUT and is_deeper(json.loads(text), MAX_DEPTH_OUT):
        raise ValueError(f"This is nested too deeply: at most {MAX_DEPTH_OUT} levels.")
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate: legal as an escape only
        return json.dumps(body, separators=(",", ":"), allow_nan=False, default=default).encode()


def _whole(text: str) -> int | float:
    """Beyond 64 bits a number arrives as what most readers of JSON take it for."""
    number = int(text)
    return number if SMALLEST <= number < BEYOND else float(text)


_repacked = json.JSONDecoder(parse_int=_whole)


def pack(body: Any) -> bytes:
    packed: bytes = msgpack.packb(body, unicode_errors="replace")
    return packed


class Message:
    """One outgoing frame, encoded once however many connections get it.

    `payload` is the JSON text, or the bytes of a binary frame; `packed` the same for connections that speak MessagePack,
    made when the first one gets it. `wire` and `packed_wire` are the bytes of the whole WebSocket frames.
    """

    __slots__ = ("_packed", "_packed_wire", "binary", "payload", "topic", "wire")

    def __init__(self, payload: bytes, *, topic: str = "", binary: bool = False) -> None:
        self.payload, self.topic, self.binary = payload, topic, binary
        self.wire = _header(len(payload), BINARY if binary else TEXT) + payload
        self._packed: bytes | None = None
        self._packed_wire: bytes | None = None

    @property
    def packed(self) -> bytes:
        if self._packed is None:
            body = {"topic": self.topic, "data": self.payload}
            self._packed = pack(body if self.binary else _repacked.decode(self.payload.decode()))
        return self._packed

    @property
    def packed_wire(self) -> bytes:
        if self._packed_wire is None:
            self._packed_wire = _header(len(self.packed), BINARY) + self.packed
        return self._packed_wire

    @classmethod
    def push(cls, topic: str, data: Any, default: Default | None = None) -> "Message":
        """A push; `data` may be bytes as a whole."""
        if isinstance(data, BYTES):
            return cls(bytes(data), topic=topic, binary=True)
        return cls(encode({"topic": topic, "data": data}, default), topic=topic)

    @classmethod
    def reply(cls, frame: Frame, data: Any, default: Default | None = None) -> "Message":
        """A reply; with bytes only on a connection that speaks MessagePack, since alone they would answer nothing."""
        if isinstance(data, BYTES):
            message = cls(bytes(data), topic=frame.topic, binary=True)
            message._packed = pack({"id": frame.id, "topic": frame.topic, "data": message.payload})
            return message
        return cls(encode({"id": frame.id, "topic": frame.topic, "data": data}, default), topic=frame.topic)

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
        return cls(encode(body, str), topic=body["topic"])


def _header(length: int, opcode: int) -> bytes:
    if length < 126:
        return bytes((FINAL | opcode, length))
    if length < 65_536:
        return struct.pack("!BBH", FINAL | opcode, 126, length)
    return struct.pack("!BBQ", FINAL | opcode, 127, length)
