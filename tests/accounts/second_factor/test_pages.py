"""The second step at the back office's door, and the page where staff look after it."""

import re

import pytest
from django.test import Client

from accounts import second_factor, services
from accounts.models import LoginEvent, LoginSession
from tests.accounts.captchas import knock_at_page
from tests.accounts.conftest import PASSWORD
from tests.accounts.phones import Phone
from tests.accounts.test_back_office import FIREFOX, browser_of, is_in

pytestmark = pytest.mark.django_db

SECOND_STEP = "/admin/second-step/"
SAFETY = "/admin/sign-in-safety/"


def visitor() -> Client:
    return Client(headers={"user-agent": FIREFOX, "accept-language": "en"})


def knock(user, next_page="") -> tuple[Client, str]:
    """Give the right password; return the browser and where it was sent."""
    browser = visitor()
    asked = {"username": user.username, "password": PASSWORD} | ({"next": next_page} if next_page else {})
    answer = knock_at_page(browser, asked)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return browser, answer["Location"]


def phone_on(page: str) -> Phone:
    """Type the secret that a page shows into a phone."""
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert secret, page
    return Phone(f"otpauth://totp/x?secret={secret[1]}")


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code[^>]*>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)


@pytest.fixture
def guarded(boss):
    """The boss with a second factor; their phone and recovery codes."""
    begun = second_factor.begin(boss, begun_for="here")
    phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
    return phone, second_factor.confirm(begun, phone.code(-1))


class TestSecondStep:
    def test_comes_before_any_session(self, boss, guarded):
        phone, _ = guarded
        browser, goal = knock(boss, "/admin/devices/")

        assert goal == f"{SECOND_STEP}?next=%2Fadmin%2Fdevices%2F"
        assert not LoginSession.objects.exists()
        assert not is_in(browser)
        cookie = browser.cookies["second_step"]
        assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, SECOND_STEP, "Lax")
        assert "Type the code that your app shows" in browser.get(goal).content.decode()

        answer = browser.post(goal, {"code": phone.code()})

        assert answer["Location"] == "/admin/devices/"
        assert is_in(browser)
        assert LoginSession.objects.get().scope == "admin"

    def test_says_what_is_wrong_and_lets_one_try_again(self, boss, guarded):
        phone, recovery_codes = guarded
        browser, goal = knock(boss)

        page = browser.post(goal, {"code": phone.wrong()}).content.decode()

        assert "The code is wrong, used or expired." in page
        assert not is_in(browser)
        assert browser.post(goal, {"code": recovery_codes[3]}).status_code == 302
        assert is_in(browser)

    def test_begins_again_after_too_many_tries(self, boss, guarded, settings):
        settings.LOGIN_MAX_FAILURES = 100
        phone, _ = guarded
        browser, goal = knock(boss)
        for _ in range(5):
            answer = browser.post(goal, {"code": phone.wrong()})

        assert answer["Location"].startswith("/admin/login/")
        assert "Begin again with your password" in browser.get(answer["Location"]).content.decode()
        assert not is_in(browser)

    def test_is_nothing_without_the_first(self, boss, guarded):
        phone, _ = guarded

        for answer in (visitor().get(SECOND_STEP), visitor().post(SECOND_STEP, {"code": phone.code()})):
            assert answer["Location"].startswith("/admin/login/")
        assert not LoginSession.objects.exists()

    def test_locks_like_wrong_passwords(self, boss, guarded):
        phone, _ = guarded
        browser, goal = knock(boss)
        for _ in range(4):
            browser.post(goal, {"code": phone.wrong()})
        other, goal = knock(boss)
        other.post(goal, {"code": phone.wrong()})

        assert "Locked after too many failures" in other.post(goal, {"code": phone.code()}).content.decode()
        assert LoginEvent.objects.filter(reason="wrong_code").count() == 5

    def test_leads_to_no_foreign_page(self, boss, guarded):
        phone, _ = guarded
        browser, _ = knock(boss)

        answer = browser.post(f"{SECOND_STEP}?next=https://evil.example/", {"code": phone.code()})

        assert answer["Location"] == "/admin/"

    def test_is_one_for_the_api_and_one_for_the_back_office(self, boss, guarded, program):
        phone, _ = guarded
        browser, _ = knock(boss)
        stolen = browser.cookies["second_step"].value

        headers = {"user-agent": FIREFOX, "accept-language": "en"}
        answer = program().post("auth/second-factor", {"challenge": stolen, "code": phone.code()}, headers=headers)

        assert answer.status_code == 400

    def test_sets_up_what_a_role_demands_before_anything_else(self, hire, role):
        demanding = role("guards", 5)
        services.update_role(by=None, role=demanding, second_factor_required=True)
        guard = hire("theguard", is_staff=True, roles=[demanding])
        browser, goal = knock(guard, "/admin/devices/")
        page = browser.get(goal).content.decode()
        phone = phone_on(page)

        assert "Your role demands one" in page
        assert "<svg" in page
        assert "viewBox" in page.partition("gh-qr")[2][:200]
        assert phone_on(browser.get(goal).content.decode()).given == phone.given
        assert not is_in(browser)
        done = browser.post(goal, {"code": phone.code()})

        assert done.status_code == 200
        assert "no-store" in done["Cache-Control"]
        assert len(codes_on(done.content.decode())) == 10
        assert 'href="/admin/devices/"' in done.content.decode()
        assert is_in(browser)


class TestSafetyPage:
    def test_sets_it_up_replaces_codes_and_removes_it(self, boss):
        browser = browser_of(boss)
        assert "Set up" in browser.get(SAFETY).content.decode()

        phone = phone_on(browser.post(SAFETY, {"do": "begin"}).content.decode())
        wrong = browser.post(SAFETY, {"do": "confirm", "code": phone.wrong()}).content.decode()
        assert "The code is wrong" in wrong
        assert phone_on(wrong).given == phone.given
        first = codes_on(browser.post(SAFETY, {"do": "confirm", "code": phone.code()}).content.decode())
        assert len(first) == 10
        assert "10 are left" in browser.get(SAFETY).content.decode()

        second = codes_on(browser.post(SAFETY, {"do": "codes"}).content.decode())
        assert len(second) == 10
        assert not set(first) & set(second)

        assert browser.post(SAFETY, {"do": "remove"}, follow=True).status_code == 200
        assert not second_factor.state_of(boss).enabled

    def test_says_when_there_is_nothing_to_do(self, boss):
        browser = browser_of(boss)

        page = browser.post(SAFETY, {"do": "remove"}, follow=True).content.decode()

        assert "There is no second factor." in page
        assert browser.post(SAFETY, {"do": "nonsense"}).status_code == 302

    def test_asks_again_after_a_while(self, boss):
        browser = browser_of(boss)
        LoginSession.objects.update(confirmed_at="2020-01-01T00:00:00Z")

        assert "Show once more" in browser.post(SAFETY, {"do": "begin"}).content.decode()
        page = browser.post(SAFETY, {"do": "begin", "proof-password": PASSWORD}).content.decode()
        assert phone_on(page)

    def test_speaks_chinese(self, boss):
        services.update_own_profile(user=boss, language="zh-hans")
        browser = browser_of(boss)

        assert "登录安全" in browser.get(SAFETY).content.decode()
        assert "身份验证器" in browser.post(SAFETY, {"do": "begin"}).content.decode()


class TestPeoplesList:
    def test_shows_and_filters_who_has_one(self, boss, mei, hire, guarded):
        phone, _ = guarded
        browser, goal = knock(boss)
        browser.post(goal, {"code": phone.code()})
        address = "/admin/accounts/user/?second_factor="

        def listed(which):
            page = browser.get(address + which).content.decode()
            return {name for name in ("theboss", "meiling") if f">{name}<" in page.split("result_list")[-1]}

        assert "shield_lock" in browser.get("/admin/accounts/user/").content.decode()
        assert listed("yes") == {"theboss"}
        assert listed("no") == {"meiling"}
