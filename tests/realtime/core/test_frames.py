"""Frames as values."""

import json

import msgpack
import pytest
from websockets.frames import Frame as TheirFrame
from websockets.streams import StreamReader

from realtime.core.codes import REASONS, CloseCode, fit_reason
from realtime.core.frames import MISSING, BadFrame, Frame, Message, decode


def parsed(wire: bytes) -> TheirFrame:
    """Read a frame with a library that is not ours."""
    reader = StreamReader()
    reader.feed_data(wire)
    parsing = TheirFrame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    return done.value.value


class TestDecoding:
    def test_knows_a_null_id_from_none_at_all(self):
        assert decode('{"topic": "ping"}') == Frame("ping", None, MISSING)
        assert decode('{"topic": "ping", "id": null}') == Frame("ping", None, None)

    @pytest.mark.parametrize("number", ["18446744073709551615", "-9223372036854775808", "1e308", "0.1"])
    def test_takes_numbers_that_exist(self, number):
        assert decode('{"topic": "t", "data": %s}' % number).data == json.loads(number)  # noqa: UP031 (braces)

    def test_names_the_place(self):
        with pytest.raises(BadFrame) as bad:
            decode('{"topic": "t",\n  "data": oops}')

        assert (bad.value.params["line"], bad.value.params["column"]) == (2, 11)


class TestEncoding:
    @pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
    @pytest.mark.parametrize("binary", [False, True])
    def test_makes_frames_that_others_can_read(self, size, binary):
        frame = parsed(Message(b"x" * size, binary=binary).wire)

        assert (frame.data, frame.fin, frame.opcode) == (b"x" * size, True, 2 if binary else 1)

    def test_keeps_what_only_an_escape_can_say(self):
        assert json.loads(Message.push("t", "\ud800").payload)["data"] == "\ud800"

    @pytest.mark.parametrize("data", [{"a": [1, None, "中文"]}, b"\x00\xff"])
    def test_packs_the_same_when_somebody_wants_it(self, data):
        message = Message.push("t", data)

        frame = parsed(message.packed_wire)

        assert (frame.data, frame.opcode) == (message.packed, 2)
        assert msgpack.unpackb(frame.data) == {"topic": "t", "data": data}
        assert message.packed is message.packed
        assert message.packed_wire is message.packed_wire

    def test_goes_no_deeper_than_both_can_say(self):
        deep = json.loads("[" * 499 + "]" * 499)
        assert msgpack.unpackb(Message.push("t", deep).packed)["data"] == deep
        assert Message.push("t", [[]] * 1000)

        with pytest.raises(ValueError, match="at most 500 levels"):
            Message.push("t", [deep])

    def test_does_not_know_objects_by_itself(self):
        with pytest.raises(TypeError):
            Message.push("t", object())


class TestReasons:
    def test_exist_for_every_code(self):
        assert set(REASONS) == set(CloseCode)

    def test_say_who_may_come_back(self):
        assert CloseCode.IDLE.may_reconnect
        assert not CloseCode.DISPLACED.may_reconnect

    def test_fit_into_a_close_frame(self):
        assert len(fit_reason("再见" * 60).encode()) <= 123
        assert fit_reason("bye") == "bye"
