"""The one schema of messages."""

import pytest

from project.core.errors import InvalidParameters, TooLarge
from realtime import letters
from realtime.letters import Unreadable

TO_ALL = {"to": {"all": True}, "topic": "note"}


class TestLetter:
    def test_says_everything_a_message_may(self):
        letter = letters.read(
            {
                "id": "order-7:paid",
                "to": {"group": "public.floor"},
                "topic": "orders.changed",
                "data": {"id": 7},
                "exclude_user": 5,
                "expires_at": "2030-01-31T08:00:00+08:00",
            }
        )

        assert (letter.id, letter.to, letter.topic, letter.data) == (
            "order-7:paid",
            {"group": "public.floor"},
            "orders.changed",
            {"id": 7},
        )
        assert (letter.exclude_user, letter.has_run_out) == (5, False)
        assert letter.expires_at.isoformat() == "2030-01-31T08:00:00+08:00"

    def test_of_bytes_has_bytes(self):
        assert letters.read(TO_ALL | {"data_base64": "AP8="}).data == b"\x00\xff"

    def test_may_leave_out_what_is_null(self):
        empty = dict.fromkeys(("id", "data", "data_base64", "exclude_user", "expires_at"))

        assert letters.read(TO_ALL | empty) == letters.read(TO_ALL)

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"to": {}}, "to"),
            ({"to": None}, "to"),
            ({"to": {"everyone": True}}, "to"),
            ({"to": {"user": 1, "users": [1]}}, "to"),
            ({"to": {"user": 1, "group": "a", "all": True}}, "to"),
            ({"to": {"user": 1, "group": "a b"}}, "to"),
            ({"to": {"users": [1] * 1001}}, "to"),
            ({"topic": "note\n"}, "topic"),
            ({"topic": ["note"]}, "topic"),
            ({"data": 1, "data_base64": "AA=="}, "data_base64"),
            ({"data_base64": "AA"}, "data_base64"),
            ({"data_base64": "ÄÄ=="}, "data_base64"),
            ({"data_base64": 7}, "data_base64"),
            ({"exclude_user": 0}, "exclude_user"),
            ({"to": {"user": 1, "group": "a"}, "exclude_user": 1}, "exclude_user"),
            ({"id": ""}, "id"),
            ({"id": "-1"}, "id"),
            ({"id": 7}, "id"),
            ({"id": "x" * 101}, "id"),
            ({"expires_at": 1900000000}, "expires_at"),
            ({"expires_at": "2030-01-31T08:00:00"}, "expires_at"),
            ({"expires_at": "2030-13-31T08:00:00Z"}, "expires_at"),
            ({"urgent": True}, "urgent"),
        ],
    )
    def test_is_refused_by_the_name_of_what_is_wrong(self, more, field):
        with pytest.raises(InvalidParameters) as refused:
            letters.read(TO_ALL | more)

        assert refused.value.fields.keys() == {field}

    def test_is_told_everything_that_is_wrong(self):
        with pytest.raises(InvalidParameters) as refused:
            letters.read({"too": 1, "topic": "Loud"})

        assert refused.value.fields.keys() == {"to", "too", "topic"}


class TestBody:
    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"to": 1e999}', b"[" * 100_000])
    def test_that_is_no_json_object_is_unreadable(self, body):
        with pytest.raises(Unreadable):
            letters.opened(body)

    def test_that_grows_when_written_anew_is_measured_as_it_will_be(self, settings):
        settings.GATEWAY_MAX_BUFFER = 1000
        numbers = ",".join(["9e15"] * 100)

        with pytest.raises(TooLarge):
            letters.opened(b'{"to": {"all": true}, "topic": "note", "data": [%s]}' % numbers.encode())
