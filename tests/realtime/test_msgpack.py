"""The sub-protocol gatehouse.v1.msgpack: the same frames, in MessagePack."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import msgpack
import pytest

from realtime import gateway
from tests.clients import PATIENCE
from tests.realtime.conftest import PackedSocket
from tests.realtime.server import GatehouseThread
from tests.realtime.test_bad_input import raw_text_frame


def nested(levels):
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.fixture(params=["realtime.server:Protocol", "websockets-sansio"], ids=["our protocol", "another server"])
def gatehouse(request, gate_settings):
    with GatehouseThread(request.param) as server:
        yield server


@pytest.fixture
def mei(gatehouse, opener):
    """Mei, in MessagePack; Hans speaks JSON."""
    return opener(gatehouse, PackedSocket, bearer="mei").greeted()


class TestHandshake:
    @pytest.mark.parametrize("offered", [["gatehouse.v1.msgpack"], ["other", "gatehouse.v1.msgpack", "gatehouse.v1"]])
    def test_takes_the_first_it_knows(self, gatehouse, opener, offered):
        mei = opener(gatehouse, PackedSocket, bearer="mei", subprotocols=offered).greeted()

        assert mei.raw.subprotocol == "gatehouse.v1.msgpack"
        assert mei.welcome["user"]["username"] == "mei"
        assert mei.is_alive()

    def test_speaks_json_with_who_asks_for_that_first(self, gatehouse, opener):
        offered = ["gatehouse.v1", "gatehouse.v1.msgpack"]

        assert opener(gatehouse, bearer="mei", subprotocols=offered).greeted().raw.subprotocol == "gatehouse.v1"


class TestFrames:
    @pytest.mark.parametrize(
        "data",
        [
            None,
            True,
            2**64 - 1,
            -(2**63),
            1.5,
            -0.0,
            "中文 🦆",
            b"",
            b"\x00\xff",
            [[[]], {}],
            {"": [1, {"a": None}]},
            nested(31),
        ],
    )
    def test_come_back_as_they_were(self, mei, data):
        assert mei.ask("echo", data) == {"id": 1, "topic": "echo", "data": data}

    def test_reach_people_in_what_they_speak_each(self, gatehouse, mei, hans):
        said = {"at": datetime(2026, 1, 2, tzinfo=UTC), "price": Decimal("1.20"), "id": uuid.UUID(int=7), 3: [1.5]}

        for number in range(20):
            gateway.broadcast("news", said | {"number": number})

        for number in range(20):
            in_json, packed = hans.next("news"), mei.next("news")
            assert in_json == packed
            assert packed["number"] == number
        assert packed["at"] == "2026-01-02T00:00:00Z"
        assert packed["3"] == [1.5]

    def test_carry_bytes_with_their_topic(self, gatehouse, mei, hans):
        gateway.broadcast("blob", b"\x00\xff")

        assert mei.frame() == {"topic": "blob", "data": b"\x00\xff"}
        assert hans.raw.recv(timeout=PATIENCE) == b"\x00\xff"

    def test_answer_with_bytes_only_here(self, gatehouse, opener, gate_topics):
        mei = opener(gatehouse, PackedSocket, bearer="mei").greeted()
        hans = opener(gatehouse, bearer="hans").greeted()

        assert mei.ask("tests.blob")["data"] == b"\x00\xff"
        refused = hans.ask("tests.blob")["error"]
        assert refused["code"] == "10010"
        assert "gatehouse.v1.msgpack" in refused["message"]

    def test_say_numbers_that_do_not_exist_here_as_well_as_they_can(self, gatehouse, mei, hans):
        gateway.broadcast("odd", [10**30, "\ud800"])

        assert hans.next("odd") == [10**30, "\ud800"]
        assert mei.next("odd") == [1e30, "?"]

    def test_end_with_a_kick_and_its_reason(self, gatehouse, mei):
        gateway.disconnect(mei.id, reason="Lunch.")

        assert mei.end() == (4503, "Lunch.")
        assert mei.kept[-1] == {"topic": "kick", "data": {"code": 4503, "reason": "Lunch."}}


@pytest.mark.attack("T-WS-5")
class TestBadInput:
    @pytest.fixture
    def gatehouse(self, gate_settings):
        with GatehouseThread() as server:
            yield server

    @pytest.mark.parametrize(
        ("given", "known", "says"),
        [
            (b"", {"topic": "error"}, "not MessagePack, or it is cut short"),
            (b"\xc1", {"topic": "error"}, "not MessagePack"),
            (msgpack.packb({"topic": "ping"})[:-1], {"topic": "error"}, "cut short"),
            (b"\xdb\xff\xff\xff\xff", {"topic": "error"}, "cut short"),
            (b"\xdd\xff\xff\xff\xff", {"topic": "error"}, "too many items: at most 4096"),
            (b"\xdd\x00\x00\x0f\xff" * 10_000, {"topic": "error"}, "nested too deeply: at most 32 levels"),
            (b"\x91" * 60_000, {"topic": "error"}, "nested too deeply"),
            (msgpack.packb({"topic": "ping"}) * 2, {"topic": "error"}, "something behind the frame"),
            (b"\x81\xa5topic\xa2\xff\xfe", {"topic": "error"}, "not UTF-8"),
            (b"\x82\xa5topic\xa1x\xa5topic\xa1y", {"topic": "error"}, "The key “topic” is there twice."),
            ([], {"topic": "error"}, "A frame is an object"),
            (7, {"topic": "error"}, "A frame is an object"),
            ({}, {"topic": "error"}, "“topic” must be a text"),
            ({"id": 1}, {"id": 1, "topic": "error"}, "“topic” must be a text"),
            ({"id": 1, "topic": "ping", "extra": 1}, {"id": 1, "topic": "ping"}, "“extra” is not known"),
            ({"id": 1, "topic": "echo", "data": {7: 1}}, {"topic": "error"}, "keys of a map must be texts"),
            ({"id": 1, "topic": "echo", "data": {b"a": 1}}, {"topic": "error"}, "keys of a map must be texts"),
            ({"id": 1, "topic": "echo", "data": msgpack.ExtType(5, b"")}, {"topic": "error"}, "Extension types"),
            ({"id": 1, "topic": "echo", "data": msgpack.Timestamp(7)}, {"id": 1, "topic": "echo"}, "Extension types"),
            ({"id": 1, "topic": "echo", "data": [float("nan")]}, {"id": 1, "topic": "echo"}, "nan is not a number"),
            ({"topic": "echo", "id": float("inf")}, {"topic": "echo"}, "inf is not a number"),
            ({"id": 1, "topic": "echo", "data": nested(32)}, {"id": 1, "topic": "echo"}, "nested too deeply"),
            ({"id": 1, "topic": "echo", "data": {"a": b"x"}}, {"id": 1, "topic": "echo"}, "whole of “data”"),
            ({"id": b"x", "topic": "echo"}, {"topic": "echo"}, "whole of “data”"),
        ],
    )
    def test_is_answered_with_what_is_wrong_and_the_socket_lives(self, mei, given, known, says):
        mei.send(given if isinstance(given, bytes) else msgpack.packb(given))

        answer = mei.frame()

        error = answer.pop("error")
        assert answer == known
        assert error["code"] == "40000"
        assert says in error["message"]
        assert mei.is_alive()

    def test_is_explained_in_the_clients_language(self, gatehouse, opener):
        mei = opener(gatehouse, PackedSocket, bearer="mei", headers={"Accept-Language": "zh-hans"}).greeted()

        mei.send(b"\xc1")

        assert mei.frame()["error"]["message"] == "不是合法的 MessagePack，或者内容不完整。"

    def test_in_text_is_told_what_to_send(self, gatehouse, mei):
        mei.send('{"topic": "ping"}')
        assert "send binary frames" in mei.frame()["error"]["message"]

        assert mei.is_alive()

    def test_in_binary_on_a_json_connection_is_told_how_to_speak_it(self, hans):
        hans.send(msgpack.packb({"topic": "ping"}))

        assert (
            "send text frames, or connect with the sub-protocol gatehouse.v1.msgpack"
            in hans.frame()["error"]["message"]
        )
        assert hans.is_alive()

    def test_of_the_wrong_type_is_named(self, mei):
        assert mei.ask("join", b"public.x")["error"]["fields"]
        assert mei.ask("join", {"group": 7})["error"]["fields"].keys() == {"group"}

    def test_in_text_that_is_none_is_told_what_to_send(self, mei):
        mei.raw.socket.sendall(raw_text_frame(b"\xff\xfe"))

        assert "send binary frames" in mei.frame()["error"]["message"]
        assert mei.is_alive()
