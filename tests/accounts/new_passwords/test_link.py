"""The link to a new password: what it does, and how long it is good."""

import logging
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts import retention, second_factor, services
from accounts.models import LoginEvent, LoginSession, Mail, PasswordLink, PasswordRequest, User
from accounts.passwords import asked
from project.core import jobs
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.new_passwords.conftest import ANOTHER, CONFIRM, NEW, RESET, forget, token_in, work
from tests.accounts.phones import Phone
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


class TestLink:
    def test_sets_a_password_ends_every_session_and_is_told(self, lena, program, open_session, mailoutbox):
        api, admin = open_session(lena), open_session(lena, "admin")
        token = forget(program, "lenabauer")

        answer = program().post(CONFIRM, {"token": token, "new_password": ANOTHER})

        assert (answer.status_code, answer.content) == (204, b"")
        assert program().sign_in(lena, ANOTHER).get("auth/me").json()["password_due"] is False
        reasons = LoginSession.objects.filter(pk__in=[api.pk, admin.pk]).values_list("end_reason", flat=True)
        assert set(reasons) == {"password"}
        work()
        assert mailoutbox[-1].subject == "The password of your Gatehouse account was changed"
        assert "by the link of a mail to you" in mailoutbox[-1].body
        entry = LogEntry.objects.filter(additional_data__event="user.password_reset").get()
        assert entry.actor == lena

    def test_is_good_once(self, lena, program, mailoutbox):
        token = forget(program, "lenabauer")
        program().post(CONFIRM, {"token": token, "new_password": ANOTHER})

        again = program().post(CONFIRM, {"token": token, "new_password": "yet another sentence"})

        assert code_of(again) == (400, "20006")
        assert program().sign_in(lena, ANOTHER)

    def test_is_good_for_half_an_hour(self, lena, program, mailoutbox):
        token = forget(program, "lenabauer")

        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=True):
            answer = program().post(CONFIRM, {"token": token, "new_password": ANOTHER})

        assert code_of(answer) == (400, "20006")

    @pytest.mark.parametrize("token", ["", "x", "a" * 43, "../../etc", "é" * 43, "\u0001" * 10])
    def test_that_was_made_up_is_refused(self, lena, program, token):
        answer = program().post(CONFIRM, {"token": token, "new_password": ANOTHER})

        assert answer.json()["error"]["code"] in ({"10000"} if not token else {"20006", "10000"})
        assert answer.status_code == 400

    def test_that_cannot_be_used_yet_stays_good(self, lena, program, mailoutbox):
        token = forget(program, "lenabauer")
        weak = program().post(CONFIRM, {"token": token, "new_password": "password12345"})
        same = program().post(CONFIRM, {"token": token, "new_password": PASSWORD})
        assert fields_of(weak) == fields_of(same) == {"new_password"}

        assert program().post(CONFIRM, {"token": token, "new_password": ANOTHER}).status_code == 204

    def test_is_void_after_another_change_of_password(self, lena, program, mailoutbox):
        token = forget(program, "lenabauer")
        services.set_password(user=lena, password="yet another sentence")

        assert code_of(program().post(CONFIRM, {"token": token, "new_password": ANOTHER})) == (400, "20006")

    @pytest.mark.parametrize("change", [{"email": "other@example.com"}, {"is_active": False}])
    def test_is_void_for_another_mailbox_and_for_the_disabled(self, lena, program, mailoutbox, change):
        token = forget(program, "lenabauer")
        services.update_user(by=None, user=lena, **change)

        assert code_of(program().post(CONFIRM, {"token": token, "new_password": ANOTHER})) == (400, "20006")

    def test_skips_no_second_factor(self, lena, program, mailoutbox):
        begun = second_factor.begin(lena, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        second_factor.confirm(begun, phone.code(-1))
        program().post(CONFIRM, {"token": forget(program, "lenabauer"), "new_password": ANOTHER})

        answer = program().post("auth/login", {"username": "lenabauer", "password": ANOTHER})

        assert code_of(answer) == (401, "20005")

    def test_opens_no_lock(self, lena, program, mailoutbox, settings):
        settings.LOGIN_MAX_FAILURES = 2
        for _ in range(2):
            program().post("auth/login", {"username": "lenabauer", "password": "a guess of a stranger"})
        program().post(CONFIRM, {"token": forget(program, "lenabauer"), "new_password": ANOTHER})

        answer = program().post("auth/login", {"username": "lenabauer", "password": ANOTHER})

        assert code_of(answer) == (429, "20007")
        assert LoginEvent.objects.filter(reason="locked").count() == 1

    def test_clears_what_staff_required(self, lena, program, mailoutbox):
        services.update_user(by=None, user=lena, must_change_password=True)
        program().post(CONFIRM, {"token": forget(program, "lenabauer"), "new_password": ANOTHER})

        assert User.objects.get(pk=lena.pk).must_change_password is False

    def test_is_kept_as_a_hash_and_said_in_no_log(self, lena, program, mailoutbox, caplog):
        caplog.set_level(logging.DEBUG)
        program().post(RESET, {"username": "lenabauer"})
        request = PasswordRequest.objects.get()
        jobs.registered()
        jobs.run("accounts.PasswordRequest", str(request.pk))
        waiting = Mail.objects.get().values
        work()
        token = token_in(mailoutbox[0])
        program().post(CONFIRM, {"token": token, "new_password": ANOTHER})
        browser = Client(headers={"accept-language": "en"})
        browser.get(NEW, {"token": token})

        rows = str(list(PasswordLink.objects.values())) + str(list(Mail.objects.values())) + waiting
        rows += str(list(LogEntry.objects.values()))
        assert token not in rows + caplog.text
        assert ANOTHER not in rows + caplog.text


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_many_who_bring_one_link_set_one_password(self, lena, program, mailoutbox):
        token = forget(program, "lenabauer")

        def choose(number: int) -> int:
            given = {"token": token, "new_password": f"sentence number {number} of many"}
            return int(program().post(CONFIRM, given).status_code)

        statuses = together(6, choose)

        assert sorted(map(str, statuses)) == ["204"] + ["400"] * 5
        winner = statuses.index(204)
        assert User.objects.get(pk=lena.pk).check_password(f"sentence number {winner} of many")

    def test_many_requests_of_one_person_are_counted_together(self, lena, mailoutbox):
        rows = [PasswordRequest.objects.create(name="lenabauer") for _ in range(8)]
        jobs.registered()

        together(8, lambda number: jobs.run("accounts.PasswordRequest", str(rows[number].pk)))

        assert PasswordLink.objects.count() == asked.TO_ONE_PERSON
        assert set(PasswordRequest.objects.values_list("state", flat=True)) == {"done"}


class TestForgetting:
    def test_takes_requests_and_links_that_are_over(self, lena, program, mailoutbox):
        forget(program, "lenabauer")
        assert retention.purge()["password_links"] == 0

        with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
            assert retention.purge()["password_links"] == 2
        assert not PasswordLink.objects.exists()
