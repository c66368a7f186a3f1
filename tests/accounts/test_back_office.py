"""Browsers signed in to the back office."""

import pytest
from django.test import Client
from django.utils import translation

from accounts import services, sessions
from accounts.authentication import SID_KEY
from accounts.models import LoginEvent, LoginSession
from tests.accounts.conftest import PASSWORD, code_of

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser_of(user, password=PASSWORD, **more) -> Client:
    browser = Client(raise_request_exception=False, headers={"user-agent": FIREFOX, "accept-language": "en"}, **more)
    answer = browser.post("/admin/login/", {"username": user.username, "password": password})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/api/v1/auth/me").status_code == 200


class TestSigningIn:
    def test_opens_a_session(self, boss):
        browser = browser_of(boss)

        session = LoginSession.objects.get()
        assert (session.kind, session.scope, session.device) == ("django", "admin", "Firefox · Linux")
        assert browser.session[SID_KEY] == session.sid
        assert session.django_key_hash == sessions.key_hash(browser.session.session_key or "")
        assert is_in(browser)
        event = LoginEvent.objects.get()
        assert (event.succeeded, event.scope, event.session) == (True, "admin", session)

    def test_is_for_staff(self, mei):
        answer = Client().post("/admin/login/", {"username": "meiling", "password": PASSWORD})

        assert answer.status_code == 200
        assert LoginEvent.objects.get().reason == "not_staff"
        assert not LoginSession.objects.exists()

    def test_displaces_the_other_browser_and_tells_it(self, boss):
        first = browser_of(boss)
        second = browser_of(boss)

        page = first.get("/admin/", follow=True)

        assert "your account was signed in elsewhere" in page.content.decode()
        assert page.request["PATH_INFO"] == "/admin/login/"
        assert is_in(second)
        assert not is_in(first)

    def test_leaves_the_api_alone(self, boss, phone_of):
        phone = phone_of(boss)
        browser = browser_of(boss)

        assert phone.get("auth/me").status_code == 200
        assert is_in(browser)

    @pytest.mark.parametrize("body", [{}, {"username": "theboss"}, {"username": "a\0b", "password": "x"}])
    def test_survives_bad_forms(self, boss, body):
        assert Client(raise_request_exception=False).post("/admin/login/", body).status_code in {200, 400}


class TestSigningOut:
    def test_ends_the_session(self, boss):
        browser = browser_of(boss)
        cookie = browser.cookies["sessionid"].value

        browser.post("/admin/logout/")

        assert LoginSession.objects.get().end_reason == "logout"
        browser.cookies["sessionid"] = cookie
        assert not is_in(browser)

    def test_by_staff_takes_effect_with_the_next_click_and_is_told(self, boss, hire):
        other = hire("otherboss", is_staff=True, is_superuser=True)
        browser = browser_of(other)

        services.end_sessions(user=other, by=boss)

        assert "You were signed out: your session was ended." in browser.get("/admin/", follow=True).content.decode()
        assert not is_in(browser)

    def test_by_staff_takes_effect_with_the_next_call_of_a_page(self, boss, hire):
        other = hire("otherboss", is_staff=True, is_superuser=True)
        browser = browser_of(other)

        services.end_sessions(user=other, by=boss)

        assert code_of(browser.get("/api/v1/auth/me")) == (401, "20002")
        assert not is_in(browser)

    def test_follows_deactivation(self, boss, hire):
        other = hire("otherboss", is_staff=True)
        browser = browser_of(other)

        services.deactivate_user(user=other, by=boss)

        assert not is_in(browser)

    def test_follows_a_new_password_but_for_the_browser_that_set_it(self, boss, hire, settings):
        settings.MULTI_LOGIN = True
        own, other = browser_of(boss), browser_of(boss)
        session = LoginSession.objects.get(sid=own.session[SID_KEY])

        services.set_password(user=boss, password="an entirely new sentence", by=boss, keep=session)

        assert is_in(own)
        assert not is_in(other)

    def test_happens_to_sessions_without_a_row(self, boss):
        browser = browser_of(boss)
        LoginSession.objects.all().delete()

        assert not is_in(browser)

    def test_happens_to_a_cookie_with_somebody_elses_session(self, boss, hire):
        other = hire("otherboss", is_staff=True)
        browser, stranger = browser_of(boss), browser_of(other)
        stolen = stranger.session
        stolen[SID_KEY] = browser.session[SID_KEY]
        stolen.save()

        assert not is_in(stranger)
        assert is_in(browser)


class TestCookieAtTheApi:
    def test_needs_the_csrf_token_for_changes(self, boss):
        browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
        browser.force_login(boss)

        assert browser.get("/api/v1/auth/me").status_code == 200
        assert code_of(browser.patch("/api/v1/auth/me", "{}", content_type="application/json")) == (403, "10009")

    def test_lets_a_page_ask_for_a_ticket(self, boss):
        assert browser_of(boss).post("/api/v1/auth/ticket").status_code == 200


class TestPreferences:
    def test_choose_the_language_and_time_zone(self, boss):
        services.update_own_profile(user=boss, language="zh-hans", time_zone="America/Lima")
        browser = browser_of(boss)

        with translation.override(None):
            me = browser.get("/api/v1/auth/me")

        assert me["Content-Language"] == "zh-hans"
        assert me.json()["date_joined"].endswith("-05:00")

    def test_do_not_stick_to_the_thread(self, boss, phone_of, hans):
        services.update_own_profile(user=boss, time_zone="America/Lima")
        phone_of(boss).get("auth/me")

        assert phone_of(hans).get("auth/me").json()["date_joined"].endswith("+08:00")
