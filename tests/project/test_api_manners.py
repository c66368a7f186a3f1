"""What holds for the whole API, at its real addresses."""

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from tests.docs.blocks import schema

pytestmark = pytest.mark.django_db

JSON = "application/json"
NARROWED = {
    "users/": "search=&department=&role=&is_active=&ids=&ordering=",
    "users": "search=&gender=",
    "sessions/": "user=",
    "sign-ins/": "search=&user=",
    "auth/sign-ins": "succeeded=&reason=&since=",
    "column-sets/": "resource=",
    "sms/messages/": "state=&phone=&since=",
    "sms/campaigns/": "state=",
    "sms/refusals/": "limit=&ip=",
    "jenkins/jobs/": "server=&search=&status=",
    "jenkins/builds/": "server=&job=&state=&mine=",
}
"""Lists, and what a form sends when nobody filled it in."""


@pytest.fixture
def desk():
    """A superuser's program."""
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(User.objects.create_superuser("theboss"))
    return client


class TestWhatIsNotThere:
    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
    @pytest.mark.parametrize("path", ["/api/nowhere", "/api/v1/nowhere", "/api/v1/users/x/", "/.well-known/x"])
    def test_is_not_found_whatever_is_asked_of_it(self, method, path):
        answer = getattr(Client(enforce_csrf_checks=True), method)(path)

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "10008")


def test_the_page_to_try_the_api_can_only_be_read():
    client = Client()

    assert client.get("/api/docs/").status_code == 200
    assert {client.options("/api/docs/").status_code, client.post("/api/docs/").status_code} == {405}


class TestLists:
    def test_come_in_pages_all_of_them(self):
        answers = {
            path: calls["get"]["responses"].get("200", {})
            for path, calls in schema()["paths"].items()
            if "get" in calls
        }
        kinds = {
            path: answer.get("content", {}).get("application/json", {}).get("schema", {})
            for path, answer in answers.items()
        }

        assert [path for path, kind in kinds.items() if kind.get("type") == "array"] == []

    @pytest.mark.parametrize("path", NARROWED)
    def test_are_not_narrowed_by_what_is_left_empty(self, desk, path):
        everything = desk.get(f"/api/v1/{path}")
        asked = desk.get(f"/api/v1/{path}?{NARROWED[path]}")

        assert asked.status_code == everything.status_code == 200
        assert asked.json()["count"] == everything.json()["count"]

    def test_know_a_parameter_by_its_name_also_when_it_is_empty(self, desk):
        answer = desk.get("/api/v1/users/?sarch=")

        assert answer.status_code == 400
        assert set(answer.json()["error"]["fields"]) == {"sarch"}


def test_whoever_guesses_at_a_password_meets_the_lock_and_no_other_question(desk):
    guesses = [Client().post("/api/v1/auth/login", {"username": "theboss", "password": str(n)}, JSON) for n in range(6)]

    assert [(one.status_code, one.json()["error"]["code"]) for one in guesses] == [(401, "20000")] * 5 + [
        (429, "20007")
    ]
    assert int(guesses[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["auth/me", "auth/sessions", "lockouts", "users", "keys", "jenkins/jobs"])
def test_calls_stand_with_and_without_the_slash_at_the_end(desk, path):
    assert desk.get(f"/api/v1/{path}").json() == desk.get(f"/api/v1/{path}/").json()
    assert desk.get(f"/api/v1/{path}/").status_code == 200


def test_the_addresses_that_are_told_are_those_of_the_docs():
    assert reverse("auth-me") == "/api/v1/auth/me"
    assert reverse("lockouts") == "/api/v1/lockouts/"
