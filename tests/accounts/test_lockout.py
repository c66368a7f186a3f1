"""Too many wrong passwords."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import LoginEvent
from tests.accounts.captchas import knock_at_page
from tests.accounts.conftest import PASSWORD, code_of
from tests.accounts.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.attack("T-US-5")]


@pytest.fixture(autouse=True)
def no_captchas(settings):
    """Who guesses need not work for it: tests/accounts/test_captcha.py is about that."""
    settings.CAPTCHA_AFTER_FAILURES = -1


def guess(program, times, username="meiling", **more):
    return [program().knock({"username": username, "password": "wrong"}, **more) for _ in range(times)]


def attempt(program, username="meiling", **more):
    return program().knock({"username": username, "password": PASSWORD}, **more)


class TestLock:
    @pytest.mark.every_database
    def test_closes_after_five_failures_in_a_row(self, program, mei):
        answers = guess(program, 6)

        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        refused = attempt(program)
        assert code_of(refused) == (429, "20007")
        assert 0 < int(refused["Retry-After"]) <= 900
        assert LoginEvent.objects.filter(reason="locked").count() == 2

    def test_is_the_same_for_unknown_names(self, program, db):
        answers = guess(program, 6, "nobody99")

        assert [answer.status_code for answer in answers] == [401] * 5 + [429]

    @pytest.mark.every_database
    def test_opens_again_by_itself(self, program, mei):
        guess(program, 5)

        with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=True):
            assert attempt(program).status_code == 200

    def test_is_not_prolonged_by_knocking(self, program, mei):
        guess(program, 5)
        with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=True):
            guess(program, 5)

        with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=True):
            assert attempt(program).status_code == 200

    @pytest.mark.every_database
    def test_counts_anew_after_a_success(self, program, mei):
        guess(program, 4)
        assert attempt(program).status_code == 200

        assert [answer.status_code for answer in guess(program, 5)] == [401] * 5

    def test_leaves_other_addresses_and_people_alone(self, program, mei, hans):
        guess(program, 6, REMOTE_ADDR="203.0.113.5")

        assert attempt(program, REMOTE_ADDR="203.0.113.6").status_code == 200
        assert attempt(program, "hansmeier", REMOTE_ADDR="203.0.113.5").status_code == 200

    def test_closes_everywhere_when_many_addresses_guess(self, program, mei):
        for number in range(7):
            guess(program, 4, REMOTE_ADDR=f"203.0.113.{number}")

        assert code_of(attempt(program, REMOTE_ADDR="198.51.100.1")) == (429, "20007")

    @pytest.mark.attack("T-F-9")
    def test_is_not_fooled_by_a_forwarded_address(self, program, mei):
        for number in range(6):
            guess(program, 1, headers={"x-forwarded-for": f"203.0.113.{number}"})

        assert code_of(attempt(program, headers={"x-forwarded-for": "203.0.113.99"})) == (429, "20007")

    def test_holds_without_any_cache(self, program, mei, settings):
        dead = "redis://127.0.0.1:9/0"
        settings.CACHES = {
            "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": dead},
            "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": dead},
        }

        assert [answer.status_code for answer in guess(program, 6)] == [401] * 5 + [429]

    def test_covers_the_question_for_the_old_password(self, phone_of, mei):
        phone = phone_of(mei)
        body = {"old_password": "wrong", "new_password": "a much longer sentence"}

        assert [phone.post("auth/password", body).status_code for _ in range(6)] == [400] * 5 + [429]

    def test_covers_the_back_office(self, boss):
        browser = Client()
        for _ in range(5):
            knock_at_page(browser, {"username": "theboss", "password": "wrong"})

        given = {"username": "theboss", "password": PASSWORD}
        page = knock_at_page(browser, given, headers={"accept-language": "en"})

        assert page.status_code == 200
        assert "Locked after too many failures" in page.content.decode()

    def test_joins_api_and_back_office(self, program, boss):
        guess(program, 5, "theboss")

        page = knock_at_page(Client(), {"username": "theboss", "password": PASSWORD}, headers={"accept-language": "en"})

        assert "Locked after too many failures" in page.content.decode()


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestManyGuessesAtOnce:
    def test_do_not_slip_through(self, program, mei):
        def act(number):
            password = PASSWORD if number == 29 else f"wrong {number}"
            return program().knock({"username": "meiling", "password": password}).status_code

        together(30, act)

        assert code_of(attempt(program)) == (429, "20007")


class TestRescue:
    def run(self, *arguments):
        out = StringIO()
        call_command("rescue", *arguments, stdout=out)
        return out.getvalue()

    def test_unlocks(self, program, mei):
        guess(program, 6)

        assert "meiling may sign in again." in self.run("unlock", "meiling")

        assert attempt(program).status_code == 200

    def test_makes_a_disabled_account_active(self, program, mei):
        mei.is_active = False
        mei.save()

        assert "is active" in self.run("unlock", "meiling")

        assert attempt(program).status_code == 200

    def test_sets_a_password(self, program, phone_of, mei, monkeypatch):
        phone = phone_of(mei)
        monkeypatch.setattr("sys.stdin", StringIO("an entirely new sentence\n"))

        assert "1 session(s) ended" in self.run("password", "meiling")

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert program().sign_in(mei, "an entirely new sentence").get("auth/me").status_code == 200

    def test_refuses_a_weak_password(self, mei, monkeypatch):
        monkeypatch.setattr("sys.stdin", StringIO("short\n"))

        with pytest.raises(CommandError):
            self.run("password", "meiling")

    def test_ends_the_sessions_of_one_or_all(self, phone_of, mei, hans, boss):
        of_mei, of_hans, of_boss = phone_of(mei), phone_of(hans), phone_of(boss)

        assert "1 session(s) of 1 person(s)" in self.run("sessions", "meiling")
        assert code_of(of_mei.get("auth/me")) == (401, "20002")
        assert "2 session(s) of 2 person(s)" in self.run("sessions", "--all")
        assert code_of(of_hans.get("auth/me")) == code_of(of_boss.get("auth/me")) == (401, "20002")

    def test_names_the_administrators_when_a_name_is_wrong(self, boss):
        with pytest.raises(CommandError, match="theboss"):
            self.run("unlock", "tehboss")

    def test_asks_for_somebody_or_all(self, db):
        with pytest.raises(SystemExit):
            self.run("sessions")
