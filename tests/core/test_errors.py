"""Every failure has an honest status and one body."""

import json

import pytest
from django.db import connection
from django.test import Client

from project.core import errors
from project.core.api import error_responses

pytestmark = pytest.mark.urls("tests.core.urls")


def error_of(answer):
    error = answer.json()["error"]
    assert {"code", "level", "message", "popup_title", "popup_content", "request_id"} <= set(error)
    assert error["request_id"] == answer.headers["X-Request-ID"]
    return error


class TestEnvelope:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            ("gone", 404, "10008"),
            ("forbidden", 403, "10009"),
            ("drf-forbidden", 403, "10009"),
            ("bad-token", 401, "20002"),
            ("suspicious", 400, "10000"),
            ("throttled", 429, "10007"),
            ("full", 409, "10005"),
            ("database", 503, "10004"),
            ("django-invalid", 400, "10000"),
            ("bug", 500, "10001"),
        ],
    )
    def test_is_the_same_for_whatever_goes_wrong(self, stranger, kind, status, code):
        answer = stranger.get(f"/api/v1/failing/{kind}")

        assert answer.status_code == status
        assert error_of(answer)["code"] == code

    def test_keeps_the_sentence_written_for_the_case(self, stranger):
        assert error_of(stranger.get("/api/v1/failing/drf-forbidden"))["message"] == "Only on Mondays."

    def test_carries_a_popup(self, stranger):
        error = error_of(stranger.get("/api/v1/failing/full"))

        assert (error["level"], error["popup_title"]) == ("2", "Full")

    def test_tells_how_to_get_a_new_token(self, stranger):
        answer = stranger.get("/api/v1/private")

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert error_of(answer)["refresh_url"] == "/api/v1/auth/refresh"

    def test_tells_when_to_come_back(self, stranger):
        stranger.get("/api/v1/throttled")
        answer = stranger.get("/api/v1/throttled")

        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 3000
        assert answer.headers["Retry-After"] in error_of(answer)["message"]

    def test_says_where_a_value_is_wrong(self, stranger):
        letter = {"address": {"street": "much too long a name", "zip": 1}, "weight": "heavy"}

        fields = error_of(stranger.post("/api/v1/letters", letter, "application/json"))["fields"]

        assert set(fields) == {"address", "weight"}
        assert set(fields["address"]) == {"street", "zip", "number"}

    def test_of_a_bug_tells_the_log_everything_and_the_client_nothing(self, stranger, lines):
        answer = stranger.get("/api/v1/failing/bug")

        assert "recipe" not in answer.text
        [line] = [line for line in lines if line["event"] == "request.failed"]
        assert isinstance(line["exc_info"], ZeroDivisionError)

    @pytest.mark.parametrize("path", ["/api/v1/breaks", "/api/nowhere", "/.well-known/nothing"])
    def test_is_kept_outside_of_rest_framework(self, stranger, path):
        answer = stranger.get(path)

        assert answer.status_code == (500 if "breaks" in path else 404)
        assert error_of(answer)["code"] in {"10001", "10008"}

    def test_speaks_the_callers_language(self):
        chinese = Client(raise_request_exception=False, headers={"accept-language": "zh-hans"})
        english = Client(raise_request_exception=False, headers={"accept-language": "en"})

        answers = [client.post("/api/v1/letters", {}, "application/json") for client in (chinese, english)]

        zh, en = (error_of(answer)["fields"]["address"] for answer in answers)

        assert en == ["This field is required."]
        assert zh != en


class TestMethodsAndMediaTypes:
    def test_that_are_not_taken_say_so(self, stranger):
        method = stranger.put("/api/v1/letters")
        body = stranger.post("/api/v1/letters", "<letter/>", "application/xml")
        answer = stranger.get("/api/v1/numbers", headers={"Accept": "application/pdf"})

        assert [one.status_code for one in (method, body, answer)] == [405, 415, 406]
        assert {error_of(one)["code"] for one in (method, body, answer)} == {"10010"}
        assert method.headers["Allow"] == "POST, OPTIONS"


class TestPages:
    def test_count_and_lead_on(self, stranger):
        first = stranger.get("/api/v1/numbers?page_size=200").json()
        last = stranger.get(first["next"]).json()

        assert (first["count"], len(first["results"]), first["previous"]) == (450, 200, None)
        assert last["results"][0] == 200

    @pytest.mark.parametrize("page", ["99", "0", "-1", "x"])
    def test_that_are_not_there_are_not_found(self, stranger, page):
        answer = stranger.get(f"/api/v1/numbers?page={page}")

        assert (answer.status_code, error_of(answer)["code"]) == (404, "10008")

    @pytest.mark.parametrize("size", ["0", "-1", "201", "x", "", "٣", "9" * 40])
    def test_of_an_impossible_size_are_refused(self, stranger, size):
        answer = stranger.get("/api/v1/numbers", {"page_size": size})

        assert answer.status_code == 400
        assert "page_size" in error_of(answer)["fields"]


class TestHtmlPages:
    def test_carry_the_request_id_and_no_traceback(self, stranger):
        answer = stranger.get("/breaks")

        assert answer.status_code == 500
        assert answer.headers["X-Request-ID"] in answer.text
        assert "recipe" not in answer.text

    def test_of_a_form_from_elsewhere_say_what_to_do(self):
        checked = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})

        answer = checked.post("/form")

        assert answer.status_code == 403
        assert answer.headers["X-Request-ID"] in answer.text


class TestGatehouseError:
    def test_fills_in_its_sentence(self):
        assert str(errors.TooManyRequests(retry_after=30)) == str(errors.TooManyRequests.message).format(retry_after=30)
        assert "{" not in str(errors.TooLarge())

    def test_of_every_code_can_be_declared(self):
        assert set(error_responses(errors.NotFound, "10005", "20002")) == {401, 404, 409}
        with pytest.raises(KeyError):
            error_responses("99999")


@pytest.mark.attack("T-F-1")
class TestLockedDatabase:
    def test_is_answered_503_and_recovers(self, stranger, parcels, another_connection):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 200")
        another_connection.execute("BEGIN IMMEDIATE")

        locked = stranger.post("/api/v1/writes")
        another_connection.execute("ROLLBACK")
        free = stranger.post("/api/v1/writes")

        assert (locked.status_code, error_of(locked)["code"]) == (503, "10004")
        assert "locked" not in json.dumps(locked.json())
        assert (free.status_code, free.content) == (200, b"written")
