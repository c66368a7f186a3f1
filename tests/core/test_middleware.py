"""Whoever comes in gets an id, a true address, a module and a line in the log."""

import pytest
from django.test import AsyncClient, RequestFactory

from project.core import context
from project.core.addresses import client_ip
from project.core.middleware import RequestContextMiddleware

pytestmark = pytest.mark.urls("tests.core.urls")


class TestRequestId:
    def test_is_made_and_answered(self, stranger):
        answer = stranger.get("/api/context")

        assert answer.headers["X-Request-ID"] == answer.json()["id"]
        assert len(answer.json()["id"]) == 32

    def test_is_taken_over_when_well_formed(self, stranger):
        assert stranger.get("/api/context", headers={"X-Request-ID": "trace-0001"}).json()["id"] == "trace-0001"

    @pytest.mark.parametrize("given", ["short", "x" * 65, "with space in it", 'quote"quote"quote', "ünïcödé-id"])
    def test_is_made_anew_when_not(self, stranger, given):
        assert stranger.get("/api/context", headers={"X-Request-ID": given}).json()["id"] != given


class TestModule:
    @pytest.mark.parametrize(
        ("path", "module"),
        [("/api/context", "api"), ("/admin/context", "admin"), ("/elsewhere/context", "default")],
    )
    def test_is_the_first_part_of_the_path(self, stranger, path, module):
        assert stranger.get(path).json()["module"] == module

    async def test_is_known_to_async_views_too(self):
        answer = await AsyncClient().get("/console/later")

        assert answer.json()["module"] == "console"
        assert answer.headers["X-Request-ID"] == answer.json()["id"]
        assert context.current() is None


class TestContextOfRequests:
    def test_ends_with_the_request(self, stranger):
        stranger.get("/api/context")

        assert context.current() is None

    def test_ends_with_a_request_that_breaks(self):
        def break_off(_request):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            RequestContextMiddleware(break_off)(RequestFactory().get("/"))

        assert context.current() is None


class TestClientIp:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "client"),
        [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            ("10.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("", "198.51.100.1", ""),
            ("unix:", "198.51.100.1", ""),
        ],
    )
    def test_is_as_far_left_as_our_proxies_vouch_for(self, settings, peer, forwarded, client):
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]

        assert client_ip(peer, forwarded) == client

    def test_of_a_spoofer_is_their_own(self, stranger, settings):
        settings.TRUSTED_PROXIES = []

        answer = stranger.get("/api/context", headers={"X-Forwarded-For": "8.8.8.8"}, REMOTE_ADDR="203.0.113.9")

        assert answer.json()["ip"] == "203.0.113.9"

    def test_is_what_everybody_further_in_sees(self, stranger, settings):
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
        sent = {"X-Forwarded-For": "6.6.6.6, 198.51.100.1", "X-Forwarded-Proto": "https"}

        near = stranger.get("/headers", headers=sent, REMOTE_ADDR="10.0.0.1").json()
        far = stranger.get("/headers", headers=sent, REMOTE_ADDR="203.0.113.9").json()

        assert (near["REMOTE_ADDR"], near["HTTP_X_FORWARDED_FOR"]) == ("198.51.100.1", "198.51.100.1")
        assert near["HTTP_X_FORWARDED_PROTO"] == "https"
        assert far["REMOTE_ADDR"] == "203.0.113.9"
        assert not [name for name in far if name.startswith("HTTP_X_FORWARDED")]


class TestAccessLog:
    def test_shows_no_query_string(self, stranger, lines):
        stranger.get("/api/context?ticket=very-secret")

        [line] = [line for line in lines if line["event"] == "request"]
        assert (line["path"], line["method"], line["status"]) == ("/api/context", "GET", 200)
        assert "very-secret" not in str(lines)


class TestNul:
    @pytest.mark.parametrize("path", ["/api/context?q=%00", "/api/%00"])
    def test_in_an_address_is_refused(self, stranger, path):
        answer = stranger.get(path)

        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "10000"
        assert answer.json()["error"]["request_id"] == answer.headers["X-Request-ID"]
