"""Nothing a client writes ends more than the answer to it."""

import json
from contextlib import suppress

import pytest

from realtime import gateway
from tests.clients import PATIENCE
from tests.realtime.conftest import Socket


def raw_text_frame(payload: bytes) -> bytes:
    """Return a client's text frame with any bytes in it, which no client library would send."""
    mask = b"\0\0\0\0"
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + mask + payload


@pytest.mark.attack("T-WS-5")
class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "This is not JSON: line 1, column 1."),
            ("{", "line 1, column 2"),
            ('{"topic": "ping",\n "data": ]}', "line 2, column 10"),
            ("hello", "This is not JSON"),
            ("[]", "A frame is an object"),
            ("null", "A frame is an object"),
            ("{}", "“topic” must be a text of 1 to 100 characters."),
            ('{"topic": 7}', "“topic” must be"),
            ('{"topic": "echo", "data": ' + "[" * 10_000 + "]" * 10_000 + "}", "nested too deeply"),
            ('{"data": %s' % ('{"a":' * 10_000), "nested too deeply"),
            ('{"topic": "ping\0"}', "line 1, column 16"),
        ],
    )
    def test_is_answered_with_its_place_and_the_socket_lives(self, mei, text, says):
        mei.send(text)

        answer = mei.frame()

        assert answer["topic"] == "error"
        assert answer["error"]["code"] == "40000"
        assert says in answer["error"]["message"]
        assert mei.is_alive()

    @pytest.mark.parametrize(
        ("text", "known", "says"),
        [
            ('{"topic": "ping", "id": 1, "extra": 2}', {"id": 1, "topic": "ping"}, "The field “extra” is not known"),
            ('{"topic": "ping", "token": "x"}', {"topic": "ping"}, "The field “token” is not known"),
            ('{"topic": null, "id": 3}', {"id": 3, "topic": "error"}, "“topic” must be"),
            ('{"id": null}', {"id": None, "topic": "error"}, "“topic” must be"),
            ('{"topic": "", "id": {"a": [1]}}', {"id": {"a": [1]}, "topic": ""}, "“topic” must be"),
            ('{"topic": "%s"}' % ("x" * 101), {"topic": "x" * 101}, "“topic” must be"),
            ('{"topic": "echo", "data": 1e309}', {"topic": "echo"}, "The number 1e309 is too large."),
            ('{"topic": "echo", "id": 4, "data": -1e309}', {"id": 4, "topic": "echo"}, "too large"),
            ('{"topic": "echo", "id": 5, "data": NaN}', {"id": 5, "topic": "echo"}, "NaN is not a number in JSON."),
            ('{"topic": "echo", "id": 6, "data": %s}' % ("9" * 5000), {"id": 6, "topic": "echo"}, "too large"),
            ('{"topic": "echo", "id": 100000000000000000000}', {"topic": "echo"}, "too large"),
            (
                '{"topic": "echo", "id": 7, "data": %s}' % ("[" * 32 + "]" * 32),
                {"id": 7, "topic": "echo"},
                "at most 32 levels",
            ),
            ('{"topic": "echo", "id": 18446744073709551616}', {"topic": "echo"}, "too large"),
            ('{"topic": "echo", "id": [NaN]}', {"topic": "echo"}, "NaN is not a number in JSON."),
        ],
    )
    def test_is_answered_with_what_could_be_read_of_it(self, mei, text, known, says):
        mei.send(text)

        answer = mei.frame()

        error = answer.pop("error")
        assert answer == known
        assert error["code"] == "40000"
        assert says in error["message"]
        assert mei.is_alive()

    def test_is_explained_in_the_clients_language_only(self, gatehouse, opener):
        mei = opener(gatehouse, bearer="mei", headers={"Accept-Language": "zh-hans"}).greeted()

        mei.send("{'topic': 1}")

        assert mei.frame()["error"]["message"] == "不是合法的 JSON：第 1 行第 2 列。"

    def test_in_binary_is_answered(self, mei):
        mei.send(b'{"topic": "ping"}')

        assert "send text" in mei.frame()["error"]["message"]
        assert mei.is_alive()

    def test_that_is_not_utf8_is_answered_with_the_byte(self, mei):
        mei.raw.socket.sendall(raw_text_frame(b'{"topic": "\xff\xfe"}'))

        assert mei.frame()["error"]["message"] == "This text is not UTF-8 at byte 11."
        assert mei.is_alive()

    @pytest.mark.parametrize("topic", ["nobody.knows", "ping\u0000", "__class__", "PING", "ping.", "🦆"])
    def test_to_an_unknown_topic_is_answered(self, mei, topic):
        answer = mei.ask(topic)

        assert answer["topic"] == topic
        assert answer["error"]["code"] == "40001"
        assert mei.is_alive()

    def test_may_be_nested_as_deep_as_the_welcome_says(self, mei):
        deepest = json.loads("[" * (mei.welcome["limits"]["depth"] - 1) + "]" * (mei.welcome["limits"]["depth"] - 1))

        assert mei.ask("echo", deepest)["data"] == deepest
        assert mei.ask("echo", [[]] * 1000)["data"] == [[]] * 1000

    def test_keeps_the_id_whatever_it_is(self, mei):
        for given in (None, 0, "", [1], {"a": None}, 1.5, True):
            mei.send(json.dumps({"id": given, "topic": "echo", "data": "x"}))
            assert mei.frame() == {"id": given, "topic": "echo", "data": "x"}

    def test_wants_no_answer_without_an_id(self, mei):
        mei.tell("echo", "nothing comes back")

        assert mei.ask("echo", "this does")["data"] == "this does"
        assert mei.kept == []

    @pytest.mark.parametrize("data", ["\u0000", "\ud800", "e\u0301 中文 🦆", [[[]]], {"": ""}, 2**53, -0.0, None])
    def test_that_is_only_odd_comes_back_as_it_was(self, mei, data):
        assert mei.ask("echo", data)["data"] == data

    @pytest.mark.parametrize(
        ("topic", "data"),
        [
            ("join", None),
            ("join", {"group": 7}),
            ("join", {"group": ""}),
            ("join", ["public.x"]),
            ("leave", {"group": 7}),
            ("leave", {"group": "public.x", "extra": 1}),
            ("session.get", {"key": "k", "extra": 1}),
            ("session.set", {"k": 1}),
            ("session.set", {}),
            ("session.set", {"": "x"}),
            ("session.set", {"k": "x" * 5000}),
            ("session.get", {"key": None}),
            ("session.remove", "k"),
            ("auth", None),
            ("auth", {"access": 7}),
            ("auth", {"access": ""}),
        ],
    )
    def test_of_the_wrong_type_is_named(self, mei, topic, data):
        answer = mei.ask(topic, data)

        assert answer["error"]["code"] == "10000"
        assert answer["error"]["fields"]
        assert mei.is_alive()


@pytest.mark.attack("T-WS-4")
class TestTooLarge:
    def test_one_byte_too_many_ends_with_1009(self, gatehouse, opener, mei):
        fits = '{"topic":"echo","data":"%s"}' % ("x" * (65_536 - 26))
        assert len(fits) == 65_536
        mei.send(fits)
        assert mei.is_alive()

        mei.send(fits + " ")

        assert mei.end() == (1009, "The frame is too large.")

    def test_is_told_in_the_clients_language(self, gatehouse, opener):
        mei = opener(gatehouse, bearer="mei", headers={"Accept-Language": "zh-hans"}).greeted()

        mei.send("x" * 65_537)

        assert mei.end() == (1009, "帧过大。")

    def test_fragments_count_together(self, mei):
        def pieces():
            for _ in range(160):
                yield "x" * 65_000

        with suppress(Exception):  # the server may cut it off while it is being written
            mei.raw.send(pieces())

        assert mei.end()[0] == 1009

    def test_a_compressed_bomb_does_not_unfold(self, gatehouse, opener):
        mei = opener(gatehouse, bearer="mei", compression="deflate").greeted()

        mei.send('{"topic":"echo","data":"%s"}' % ("x" * 20_000_000))

        assert mei.end()[0] == 1009


class TestSlowHandlers:
    def test_of_an_app_that_fail_tell_nothing_inside(self, gatehouse, opener, gate_topics):
        hans: Socket = opener(gatehouse, bearer="hans").greeted()

        answer = hans.ask("tests.fail")

        assert answer["error"]["code"] == "10001"
        assert "secret" not in answer["error"]["message"]
        assert hans.is_alive()

    def test_of_an_app_may_raise_what_views_may(self, gatehouse, opener, gate_topics):
        mei = opener(gatehouse, bearer="mei").greeted()

        assert mei.ask("tests.missing")["error"] == {"code": "10008", "message": "There is no such thing here."}

    def test_hold_up_nothing_and_are_limited(self, gatehouse, gate_settings, opener, gate_topics):
        gate_settings.GATEWAY_MAX_TASKS = 3
        mei = opener(gatehouse, bearer="mei").greeted()
        for _ in range(3):
            mei.tell("tests.sleep", 60)

        assert mei.is_alive()
        assert mei.ask("tests.sleep", 60)["error"]["code"] == "40003"

    @pytest.mark.attack("T-WS-9")
    def test_hold_up_no_kick(self, gatehouse, opener, gate_topics):
        mei = opener(gatehouse, bearer="mei").greeted()
        mei.tell("tests.sleep", 10 * PATIENCE)
        assert mei.is_alive()

        gateway.disconnect(mei.id, reason="Time to go.")

        assert mei.end() == (4503, "Time to go.")

    def test_may_be_plain_functions_and_use_what_they_like(self, gatehouse, opener, gate_topics):
        hans = opener(gatehouse, bearer="hans").greeted()

        assert hans.ask("tests.plain", 20)["data"] == {"twice": 40, "user": 2, "module": "websocket"}

    def test_are_for_those_with_the_permission(self, gatehouse, opener, gate_topics):
        assert opener(gatehouse, bearer="hans").greeted().ask("tests.gate")["data"] == "open"
        assert opener(gatehouse, bearer="mei").greeted().ask("tests.gate")["error"]["code"] == "10009"
        assert opener(gatehouse).greeted().ask("tests.gate")["error"]["code"] == "40004"
