"""API tokens in the back office: one's own, and everybody's."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import ApiToken
from tests.admin.conftest import flat

pytestmark = pytest.mark.django_db

MINE = "/admin/tokens/"
ALL = "/admin/accounts/apitoken/"


def seen(answer) -> str:
    return flat(answer.content.decode())


@pytest.fixture
def mechanic(hire, role):
    """Staff of rank 50 who has machines."""
    return hire("mechanic", is_staff=True, roles=[role("mechanics", 50, "accounts.view_user", "accounts.add_apitoken")])


@pytest.fixture
def token(mechanic):
    return services.create_api_token(
        owner=mechanic,
        name="nightly export",
        scopes=["accounts.view_user"],
        expires_at=timezone.now() + timedelta(days=9),
    ).token


def wanted(*codenames: str, **more) -> dict:
    ids = list(Permission.objects.filter(codename__in=codenames).values_list("pk", flat=True))
    until = timezone.localdate() + timedelta(days=30)
    return {"name": "nightly", "expires_on": until.isoformat(), "allowed_addresses": "", "scopes": ids} | more


class TestMyTokens:
    def test_makes_one_and_shows_it_once(self, browser_of, mechanic):
        browser = browser_of(mechanic)

        answer = browser.post(MINE, wanted("view_user", allowed_addresses="127.0.0.1\n10.1.*\n"))

        page = answer.content.decode()
        (text,) = re.findall(r'<code id="token">(ght_[0-9A-Za-z]{50})</code>', page)
        assert f'data-copy="{text}"' in page
        assert "no-store" in answer["Cache-Control"]
        token = ApiToken.objects.get()
        assert (token.owner, token.scopes, token.allowed_addresses) == (
            mechanic,
            ["accounts.view_user"],
            ["127.0.0.1", "10.1.*"],
        )
        assert Client().get("/api/v1/users/", headers={"authorization": f"Bearer {text}"}).status_code == 200
        again = browser.get(MINE).content.decode()
        assert text not in again
        assert "nightly" in again

    def test_says_what_is_wrong_at_the_field(self, browser_of, mechanic):
        browser = browser_of(mechanic)

        assert "is not an address" in seen(browser.post(MINE, wanted("view_user", allowed_addresses="10.1")))
        assert "within 365 days" in seen(browser.post(MINE, wanted("view_user", expires_on="2999-01-01")))
        assert "This field is required" in seen(browser.post(MINE, wanted()))
        assert "You cannot grant what you do not have: accounts.delete_user" in seen(
            browser.post(MINE, wanted("delete_user"))
        )
        assert not ApiToken.objects.exists()

    def test_asks_again_who_is_there_before_it_makes_one(self, browser_of, mechanic, settings):
        browser = browser_of(mechanic)
        settings.STEP_UP_SECONDS = 0

        page = seen(browser.post(MINE, wanted("view_user")))

        assert "Is it you?" in page
        assert not ApiToken.objects.exists()

    def test_revokes_one(self, browser_of, mechanic, token):
        page = browser_of(mechanic).post(f"{MINE}revoke/", {"id": token.key_id}, follow=True)

        token.refresh_from_db()
        assert token.revoked_at is not None
        assert "nightly export is dead." in seen(page)

    def test_never_touches_anothers(self, browser_of, clerk, token):
        browser = browser_of(clerk)

        assert browser.post(f"{MINE}revoke/", {"id": token.key_id}).status_code == 404
        page = seen(browser.get(MINE))
        assert "nightly export" not in page
        assert "You may not make tokens." in page
        assert "You may not make tokens." in seen(browser.post(MINE, wanted("view_user")))
        assert ApiToken.objects.live().count() == 1


class TestEverybodys:
    def test_lists_who_has_which(self, browser_of, boss, token):
        page = browser_of(boss).get(ALL).content.decode()

        assert "nightly export" in page
        assert "accounts.view_user" in page
        assert token.secret_hash not in page
        one = browser_of(boss).get(f"{ALL}{token.pk}/change/").content.decode()
        assert token.secret_hash not in one

    def test_revokes_those_of_lower_rank_with_a_reason(self, browser_of, hire, role, boss, token):
        powers = ("accounts.view_apitoken", "accounts.revoke_apitoken")
        guard = browser_of(hire("theguard", is_staff=True, roles=[role("guards", 50, *powers)]))
        chosen = {"action": "revoke", "_selected_action": [token.pk]}
        assert "None of these can be revoked by you" in seen(guard.post(ALL, chosen, follow=True))

        browser = browser_of(boss)
        assert "Revoke 1 token" in seen(browser.post(ALL, chosen))
        browser.post(ALL, chosen | {"confirmed": "yes", "reason": "left behind"}, follow=True)

        token.refresh_from_db()
        assert token.revoked_by == boss
