"""The pages that lead from a forgotten password to a new one."""

import pytest
from django.test import Client

from accounts import services
from accounts.passwords import asked
from tests.accounts.new_passwords.conftest import ANOTHER, FORGOTTEN, NEW, token_in, work
from tests.accounts.test_back_office import browser_of, is_in

pytestmark = pytest.mark.django_db


class TestPages:
    @pytest.fixture
    def visitor(self):
        return Client(headers={"accept-language": "en"})

    def test_lead_from_the_sign_in_to_a_new_password(self, lena, visitor, mailoutbox):
        assert f'href="{FORGOTTEN}"' in visitor.get("/admin/login/").content.decode()
        asked_for = visitor.post(FORGOTTEN, {"username": "lena@example.com"}, follow=True).content.decode()
        assert "If there is such an account" in asked_for
        work()

        moved = visitor.get(NEW, {"token": token_in(mailoutbox[0])})

        assert moved["Location"] == NEW
        assert moved["Referrer-Policy"] == "no-referrer"
        cookie = visitor.cookies["new_password"]
        assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, NEW, "Lax")
        page = visitor.get(NEW)
        assert page["Referrer-Policy"] == "same-origin"
        assert "no-store" in page["Cache-Control"]
        assert "For lenabauer." in page.content.decode()
        assert token_in(mailoutbox[0]) not in page.content.decode()

        done = visitor.post(NEW, {"new_password": ANOTHER, "again": ANOTHER}).content.decode()

        assert "You are signed out everywhere." in done
        assert is_in(browser_of(lena, ANOTHER))
        assert "This link is good no more" in visitor.get(NEW).content.decode()

    def test_say_the_same_of_everybody(self, lena, visitor):
        known = visitor.post(FORGOTTEN, {"username": "lenabauer"})
        unknown = visitor.post(FORGOTTEN, {"username": "nobodyatall"})

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])

    def test_say_what_is_wrong(self, lena, visitor, mailoutbox):
        visitor.post(FORGOTTEN, {"username": "lenabauer"})
        work()
        visitor.get(NEW, {"token": token_in(mailoutbox[0])})

        differing = visitor.post(NEW, {"new_password": ANOTHER, "again": "another"}).content.decode()
        leaked = visitor.post(NEW, {"new_password": "password12345", "again": "password12345"}).content.decode()

        assert "The two passwords are not the same." in differing
        assert "on the lists of leaked ones" in leaked

    def test_say_when_to_try_again(self, lena, visitor):
        for _ in range(asked.OF_ONE_NAME):
            visitor.post(FORGOTTEN, {"username": "lenabauer"})

        assert "Too many requests." in visitor.post(FORGOTTEN, {"username": "lenabauer"}).content.decode()

    @pytest.mark.parametrize("token", ["", "x", "\u4e2d", "a" * 5000])
    def test_take_no_made_up_link(self, lena, visitor, token):
        visitor.get(NEW, {"token": token})

        answer = visitor.post(NEW, {"new_password": ANOTHER, "again": ANOTHER})

        assert answer.status_code == 400
        assert "This link is good no more" in answer.content.decode()

    def test_want_the_forms_own_token(self, lena):
        stranger = Client(enforce_csrf_checks=True)

        assert stranger.post(FORGOTTEN, {"username": "lenabauer"}).status_code == 403
        assert stranger.post(NEW, {"new_password": ANOTHER}).status_code == 403

    def test_tell_people_of_the_api_where_to_go(self, hire, visitor, mailoutbox):
        services.invite(user=hire("apiperson", email="api@example.com", language="en"), by=None)
        work()
        visitor.get(NEW, {"token": token_in(mailoutbox[0])})

        done = visitor.post(NEW, {"new_password": ANOTHER, "again": ANOTHER}).content.decode()

        assert "sign in where you always do" in done
