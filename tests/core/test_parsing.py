"""Whatever bytes arrive, the answer says what is wrong with them."""

import pytest

pytestmark = pytest.mark.urls("tests.core.urls")


def post(stranger, body):
    return stranger.generic("POST", "/api/v1/letters", body, "application/json")


class TestBody:
    @pytest.mark.parametrize(
        ("body", "place"),
        [
            (b'{"address": 1,}', "line 1, column 15"),
            (b'{\n"address": }', "line 2, column 12"),
            (b'{"address": "\xff"}', "byte 13"),
            (b'{"weight": NaN}', "NaN"),
            (b'{"weight": -Infinity}', "-Infinity"),
            (b'{"weight": 1e999}', "1e999"),
            (b'{"weight": ' + b"9" * 5000 + b"}", "99999…"),
            (b'{"weight": 9223372036854775808}', "9223372036854775808"),
            (b'{"address": {"street": "a\\u0000b"}}', "address.street"),
            (b'{"address": ["x", "\\ud800"]}', "address[1]"),
            (b"[" * 10_000, "character 65"),
            (b'{"a":' * 10_000, "character 321"),
            (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "character 70"),
            (b"[1, 2]", "object"),
            (b'"text"', "object"),
            (b"null", "object"),
            (b"\x00\x01\x02", "line 1, column 1"),
            (b'"' * 200_001, "line 1, column 3"),
        ],
    )
    def test_that_is_wrong_is_refused_with_the_place(self, stranger, body, place):
        answer = post(stranger, body)

        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "10000"
        assert place in answer.json()["error"]["message"]

    def test_that_is_too_large_is_refused(self, stranger, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

        answer = post(stranger, b'{"address": "' + b"x" * 1000 + b'"}')

        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "10011"

    def test_that_is_right_is_taken(self, stranger):
        letter = '{"address": {"street": "南京路", "number": 7}, "weight": 20}'.encode()

        answer = post(stranger, letter)

        assert answer.status_code == 201
        assert answer.json()["address"]["street"] == "南京路"

    def test_with_a_byte_order_mark_is_taken(self, stranger):
        assert post(stranger, b'\xef\xbb\xbf{"address": {"street": "x", "number": 7}}').status_code == 201

    def test_of_many_shallow_values_is_taken(self, stranger):
        answer = post(stranger, b'{"more": [' + b"[]," * 500 + b"[]]}")

        assert "more" in answer.json()["error"]["fields"]
