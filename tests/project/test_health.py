"""What a node says about itself, and to whom."""

import re

import pytest
import requests

from tests.office import Office


def ask(office: Office, path: str, **headers: str) -> requests.Response:
    return requests.get(office.url + path, headers=headers, timeout=20)


class TestHealth:
    def test_is_alive(self, office: Office):
        answer = ask(office, "/healthz")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"

    def test_names_each_thing_it_stands_on(self, office: Office):
        answer = ask(office, "/readyz")

        assert answer.status_code == 200
        assert {name: one["status"] for name, one in answer.json()["checks"].items()} == {
            "database": "ok",
            "cache": "ok",
            "channel_layer": "ok",
            "broker": "ok",
        }

    def test_names_what_cannot_be_reached_and_gives_nothing_away(self, new_office):
        nobody = "redis://:s3cret-of-redis@127.0.0.1:1/0"

        office = new_office(CACHE_URL=nobody, CHANNEL_LAYER_URL=nobody)
        answer = ask(office, "/readyz")

        assert answer.status_code == 503
        checks = {name: one["status"] for name, one in answer.json()["checks"].items()}
        assert checks == {"database": "ok", "cache": "failing", "channel_layer": "failing", "broker": "ok"}
        assert ask(office, "/healthz").status_code == 200
        assert "s3cret" not in answer.text + office.log


class TestMetrics:
    def test_are_figures_of_requests_sockets_and_queues(self, office: Office):
        ask(office, "/healthz")

        figures = ask(office, "/metrics")

        assert figures.status_code == 200
        for name in ("gatehouse_http_requests_total", "gatehouse_gateway_connections", "gatehouse_queue_rows"):
            assert re.search(rf"^{name}\b", figures.text, re.MULTILINE), name

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
    def test_are_not_for_those_behind_a_proxy_nobody_trusts(self, office: Office, header):
        assert ask(office, "/metrics", **{header: "127.0.0.1"}).status_code == 403

    def test_are_for_allowed_addresses_behind_a_trusted_proxy(self, new_office):
        office = new_office(TRUSTED_PROXIES="127.0.0.1", METRICS_ALLOWED_IPS="10.3.0.0/24")

        assert ask(office, "/metrics", **{"X-Forwarded-For": "10.3.0.9"}).status_code == 200
        assert ask(office, "/metrics", **{"X-Forwarded-For": "10.4.0.9"}).status_code == 403


class TestHeaders:
    def test_of_every_answer_keep_scripts_and_frames_out(self, office: Office):
        for path in ("/admin/login/", "/api/docs/", "/healthz", "/nowhere", "/api/v1/nowhere"):
            headers = ask(office, path).headers

            assert "default-src 'self'" in headers["Content-Security-Policy"], path
            assert "script-src 'self' 'unsafe-inline'" not in headers["Content-Security-Policy"], path
            assert headers["X-Frame-Options"] == "DENY", path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert "server" not in headers, path

    def test_let_scripts_be_evaluated_in_the_admin_only(self, office: Office):
        assert "unsafe-eval" in ask(office, "/admin/login/").headers["Content-Security-Policy"]
        assert "unsafe-eval" not in ask(office, "/api/docs/").headers["Content-Security-Policy"]
