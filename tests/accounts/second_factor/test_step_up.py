"""Dangerous things are for those who have shown of late that it is them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import second_factor
from accounts.models import LoginEvent, LoginSession, Role, User
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone
from tests.accounts.test_back_office import browser_of

pytestmark = pytest.mark.django_db


def grow_old():
    """Let ten minutes pass since anybody proved who they are."""
    LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(seconds=601))


@pytest.fixture
def of_boss(boss, in_as):
    """The boss's program, some time after signing in."""
    one = in_as(boss)
    grow_old()
    return one


@pytest.fixture
def with_phone():
    """Set up somebody's second factor; return their phone."""

    def act(user):
        begun = second_factor.begin(user, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        second_factor.confirm(begun, phone.code(-1))
        return phone

    return act


DOORS = {
    "new recovery codes": lambda it, mei, role: it.post("auth/totp/recovery-codes"),
    "removing one's factor": lambda it, mei, role: it.delete("auth/totp"),
    "confirming a factor": lambda it, mei, role: it.post("auth/totp", {"code": "123456"}),
    "removing another's factor": lambda it, mei, role: it.delete(f"users/{mei.pk}/second-factor"),
    "making a superuser": lambda it, mei, role: it.patch(f"users/{mei.pk}/", {"is_superuser": True}),
    "adding a superuser": lambda it, mei, role: it.post("users/", {"username": "newchief", "is_superuser": True}),
    "a role's permissions": lambda it, mei, role: it.patch(f"roles/{role.pk}/", {"permissions": []}),
    "a role's demands": lambda it, mei, role: it.patch(f"roles/{role.pk}/", {"second_factor_required": True}),
    "a new role's permissions": lambda it, mei, role: it.post(
        "roles/", {"key": "k", "name": "n", "permissions": ["accounts.view_user"]}
    ),
}


class TestApi:
    @pytest.mark.parametrize("door", DOORS)
    def test_asks_again(self, of_boss, mei, role, door):
        answer = DOORS[door](of_boss, mei, role("walkers", 1, "accounts.view_user"))

        assert code_of(answer) == (403, "20008")
        assert answer.json()["error"]["confirm_url"] == "/api/v1/auth/confirm"
        assert not User.objects.filter(username="newchief").exists()

    def test_asks_nobody_for_the_rest(self, of_boss, mei, role):
        walkers = role("walkers", 1)

        assert of_boss.patch(f"users/{mei.pk}/", {"nickname": "M"}).status_code == 200
        assert of_boss.patch(f"users/{mei.pk}/", {"is_superuser": False}).status_code == 200
        assert of_boss.patch(f"roles/{walkers.pk}/", {"name": "Runners"}).status_code == 200

    def test_shows_no_secret_to_an_old_sign_in(self, of_boss):
        assert of_boss.get("auth/totp").json()["otpauth_uri"] is None

    def test_goes_on_after_the_password(self, of_boss, mei):
        confirmed = of_boss.post("auth/confirm", {"password": PASSWORD})

        assert confirmed.status_code == 200
        assert confirmed.json()["confirmed_until"] > timezone.now().isoformat()[:19]
        assert of_boss.patch(f"users/{mei.pk}/", {"is_superuser": True}).status_code == 200

    def test_goes_on_after_a_code(self, of_boss, boss, with_phone):
        phone = with_phone(boss)

        assert of_boss.post("auth/confirm", {"code": phone.code()}).status_code == 200
        made = of_boss.post("auth/totp/recovery-codes")
        assert made.status_code == 201
        grow_old()
        assert of_boss.post("auth/confirm", {"code": made.json()["recovery_codes"][0]}).status_code == 200

    def test_refuses_what_is_wrong(self, of_boss, mei):
        assert fields_of(of_boss.post("auth/confirm", {"password": "wrong"})) == {"password"}
        assert code_of(of_boss.post("auth/confirm", {"code": "123456"})) == (400, "20006")
        assert fields_of(of_boss.post("auth/confirm", {})) == {"non_field_errors"}
        assert fields_of(of_boss.post("auth/confirm", {"password": PASSWORD, "code": "1"})) == {"non_field_errors"}
        assert code_of(of_boss.patch(f"users/{mei.pk}/", {"is_superuser": True})) == (403, "20008")

    def test_counts_guesses(self, of_boss):
        answers = [of_boss.post("auth/confirm", {"password": "wrong"}).status_code for _ in range(6)]

        assert answers == [400] * 5 + [429]
        assert LoginEvent.objects.filter(reason="wrong_password").count() == 5

    def test_is_about_this_session_only(self, boss, in_as, mei, settings):
        settings.MULTI_LOGIN = True
        one, other = in_as(boss), in_as(boss)
        grow_old()
        one.post("auth/confirm", {"password": PASSWORD})

        assert code_of(other.patch(f"users/{mei.pk}/", {"is_superuser": True})) == (403, "20008")

    def test_lasts_as_long_as_the_house_says(self, of_boss, mei, settings):
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(seconds=60))

        settings.STEP_UP_SECONDS = 30
        assert code_of(of_boss.patch(f"users/{mei.pk}/", {"is_superuser": True})) == (403, "20008")
        settings.STEP_UP_SECONDS = 90
        assert of_boss.patch(f"users/{mei.pk}/", {"is_superuser": True}).status_code == 200


class TestBackOffice:
    def page_of(self, role):
        return f"/admin/accounts/role/{role.pk}/change/"

    def changed(self, role, **more):
        return {"name": role.group.name, "key": role.key, "rank": role.rank, "second_factor_required": "on"} | more

    def test_asks_again_and_goes_on_with_what_was_posted(self, boss, role):
        walkers = role("walkers", 1)
        browser = browser_of(boss)
        grow_old()

        asked = browser.post(self.page_of(walkers), self.changed(walkers))
        page = asked.content.decode()
        walkers.refresh_from_db()
        assert "Show once more that it is you" in page
        assert 'name="second_factor_required" value="on"' in page
        assert not walkers.second_factor_required

        done = browser.post(self.page_of(walkers), self.changed(walkers) | {"proof-password": PASSWORD})

        assert done.status_code == 302
        assert Role.objects.get(pk=walkers.pk).second_factor_required

    def test_asks_once_more_when_the_password_is_wrong(self, boss, role):
        walkers = role("walkers", 1)
        browser = browser_of(boss)
        grow_old()

        page = browser.post(self.page_of(walkers), self.changed(walkers) | {"proof-password": "wrong"}).content.decode()

        assert "This is not your password." in page
        assert 'name="key" value="walkers"' in page
        assert "wrong" not in page
        assert not Role.objects.get(pk=walkers.pk).second_factor_required

    def test_asks_nobody_for_the_rest(self, boss, role):
        walkers = role("walkers", 1)
        browser = browser_of(boss)
        grow_old()

        changed = {"name": "Runners", "key": "walkers", "rank": 1}
        assert browser.post(self.page_of(walkers), changed).status_code == 302
        assert browser.post(f"/admin/accounts/role/{walkers.pk}/delete/", {"post": "yes"}).status_code == 302

    def test_asks_before_a_superuser_is_made_or_unmade(self, boss, hire):
        other = hire("otherboss", is_superuser=True)
        browser = browser_of(boss)
        grow_old()

        unmade = browser.post(f"/admin/accounts/user/{other.pk}/change/", {"username": "otherboss", "is_active": "on"})
        deleted = browser.post(f"/admin/accounts/user/{other.pk}/delete/", {"post": "yes"})

        assert "Show once more" in unmade.content.decode()
        assert "Show once more" in deleted.content.decode()
        assert User.objects.get(pk=other.pk).is_superuser

    def test_removes_the_factor_of_somebody_who_lost_their_phone(self, boss, mei, with_phone):
        with_phone(mei)
        browser = browser_of(boss)
        address = f"/admin/accounts/user/{mei.pk}/remove-second-factor/"
        assert address in browser.get(f"/admin/accounts/user/{mei.pk}/change/").content.decode()
        grow_old()

        question = browser.get(address).content.decode()
        asked = browser.post(address, {"confirmed": "yes", "reason": "lost it"}).content.decode()
        done = browser.post(address, {"confirmed": "yes", "reason": "lost it", "proof-password": PASSWORD})

        assert "Make sure that it is they who ask" in question
        assert "Show once more" in asked
        assert done.status_code == 302
        assert address not in browser.get(f"/admin/accounts/user/{mei.pk}/change/").content.decode()

    def test_lets_nobody_remove_it_without_permission(self, clerk, mei, with_phone):
        with_phone(mei)
        browser = browser_of(clerk)

        assert (
            browser.post(f"/admin/accounts/user/{mei.pk}/remove-second-factor/", {"confirmed": "yes"}).status_code
            == 403
        )
        assert second_factor.state_of(mei).enabled
