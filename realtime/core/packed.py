"""Client frames in MessagePack, for connections that speak the sub-protocol `gatehouse.v1.msgpack`.

A frame may say what one in JSON may say, and has bytes as the whole of `data` besides: what came in one way can go out
the other way.
"""

import math
from typing import Any

import msgpack

from realtime.core.codes import gettext_noop
from realtime.core.frames import MAX_DEPTH, BadFrame, Frame, inner, read, recognisable, too_deep

MAX_ITEMS = 4096
"""Of one list or map: room is made for as many as a frame claims to have, before any of them is read."""


def decode(data: bytes) -> Frame:
    """Read a client's frame.

    :raises BadFrame: saying what is wrong.
    """
    value = _unpacked(data)
    try:
        rest = value
        if isinstance(value, dict) and isinstance(value.get("data"), bytes):
            rest = {name: one for name, one in value.items() if name != "data"}
        _ensure_plain(rest)
    except BadFrame as bad:
        bad.frame = recognisable(value)
        raise
    return read(value)


def _unpacked(data: bytes) -> Any:
    try:
        return msgpack.unpackb(
            data,
            strict_map_key=False,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            object_pairs_hook=_map,
            ext_hook=_extension,
        )
    except BadFrame:
        raise
    except msgpack.StackError:
        raise too_deep() from None
    except msgpack.ExtraData:
        raise BadFrame(gettext_noop("There is something behind the frame: send one MessagePack map alone.")) from None
    except UnicodeDecodeError:
        raise BadFrame(gettext_noop("A text in this MessagePack is not UTF-8.")) from None
    except ValueError as bad:
        if "max_array_len" in str(bad) or "max_map_len" in str(bad):
            problem = gettext_noop("A list or map has too many items: at most {limit}.")
            raise BadFrame(problem, limit=MAX_ITEMS) from None
        raise BadFrame(gettext_noop("This is not MessagePack, or it is cut short.")) from None


def _map(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise BadFrame(gettext_noop("The keys of a map must be texts."))
        if key in found:
            raise BadFrame(gettext_noop("The key “{key}” is there twice."), key=key[:50])
        found[key] = value
    return found


def _extension(code: int, _data: bytes) -> Any:
    raise BadFrame(gettext_noop("Extension types of MessagePack are not understood here: type {code}."), code=code)


def _ensure_plain(value: Any) -> None:
    """Let pass what JSON could say too."""
    level = [value]
    for depth in range(MAX_DEPTH + 1):
        kinds = set(map(type, level))
        if bytes in kinds:
            raise BadFrame(gettext_noop("Bytes can only be the whole of “data”, not a part of it."))
        if msgpack.Timestamp in kinds:
            _extension(-1, b"")
        if float in kinds:
            _ensure_finite(level)
        if list not in kinds and dict not in kinds:
            return
        if depth == MAX_DEPTH:
            raise too_deep()
        level = inner(level)


def _ensure_finite(values: list[Any]) -> None:
    for one in values:
        if isinstance(one, float) and not math.isfinite(one):
            raise BadFrame(gettext_noop("{number} is not a number in JSON."), number=one)
