"""Binding a phone, choosing a password with one, and confirming what is dangerous."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services
from accounts.models import LoginEvent, LoginSession, Mail, PasswordLink, User
from integrations.sms.models import Refusal, VerificationCode
from project.core import jobs
from tests.accounts import sms
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.sms import E164, PHONE, codes, wrong
from tests.accounts.together import together

pytestmark = pytest.mark.django_db
ASK, RESET, CONFIRM = "auth/sms-code", "auth/password-reset", "auth/password-reset/confirm"
ANOTHER = "rain on the tin roof"


@pytest.fixture(autouse=True)
def telephone(db):
    sms.connect()


@pytest.fixture
def lena(hire):
    return hire("lenabauer", phone=PHONE, email="lena@example.com", language="en", is_staff=True)


def long_ago() -> None:
    """All sign-ins were long ago."""
    LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))


class TestBinding:
    def test_gives_a_number_that_is_verified_and_tells_the_person(self, hire, phone_of, mailoutbox):
        mei = hire("meiling", email="mei@example.com", language="en")
        office = phone_of(mei)
        assert office.post(ASK, {"phone": PHONE, "purpose": "bind"}).json() == {"expires_in": 300}

        answer = office.call("PUT", "auth/phone", {"phone": PHONE, "code": codes()[0]})

        assert answer.status_code == 200, answer.content
        assert answer.json()["phone"] == PHONE
        assert answer.json()["phone_verified_at"].endswith("+08:00"), "as all moments: in the person's time zone"
        assert LogEntry.objects.filter(additional_data__event="user.phone_bound").get().actor == mei
        for mail in jobs.due(Mail):
            jobs.run("accounts.Mail", str(mail.pk))
        assert mailoutbox[-1].subject == "The phone of your Gatehouse account was changed"
        assert "138****8000" in mailoutbox[-1].body

    def test_makes_a_claimed_number_ones_own(self, mei, phone_of, program):
        office = phone_of(mei)
        long_ago()
        office.patch("auth/me", {"phone": PHONE})
        LoginSession.objects.update(confirmed_at=timezone.now())
        office.post(ASK, {"phone": PHONE, "purpose": "bind"})
        office.call("PUT", "auth/phone", {"phone": PHONE, "code": codes()[0]})

        program().post(ASK, {"phone": PHONE, "purpose": "login"}, REMOTE_ADDR="203.0.113.1")

        assert len(VerificationCode.objects.all()) == 1, "one code a minute for a phone, whatever for"
        sms.pass_a_minute()
        with sms.forgetful_cache():
            program().post(ASK, {"phone": PHONE, "purpose": "login"})
        assert len(codes()) == 2

    def test_wants_a_recent_sign_in_a_person_and_somebody_signed_in(self, mei, phone_of, program):
        assert code_of(program().post(ASK, {"phone": PHONE, "purpose": "bind"})) == (401, "20002")
        office = phone_of(mei)
        long_ago()

        assert code_of(office.post(ASK, {"phone": PHONE, "purpose": "bind"})) == (403, "20008")
        assert code_of(office.call("PUT", "auth/phone", {"phone": PHONE, "code": "123456"})) == (403, "20008")
        assert code_of(office.delete("auth/phone")) == (403, "20008")
        assert not VerificationCode.objects.exists()

    def test_counts_wrong_codes_like_wrong_passwords(self, mei, phone_of):
        office = phone_of(mei)
        office.post(ASK, {"phone": PHONE, "purpose": "bind"})
        code = codes()[0]

        answers = [code_of(office.call("PUT", "auth/phone", {"phone": PHONE, "code": wrong(code)})) for _ in range(6)]

        assert answers == [(400, "20006")] * 5 + [(429, "20007")]
        assert LoginEvent.objects.filter(username="meiling", reason="wrong_code").count() == 5

    def test_of_a_code_that_somebody_else_asked_for_is_refused(self, mei, hans, phone_of):
        phone_of(mei).post(ASK, {"phone": PHONE, "purpose": "bind"})

        answer = phone_of(hans).call("PUT", "auth/phone", {"phone": PHONE, "code": codes()[0]})

        assert code_of(answer) == (400, "20006")

    def test_of_somebody_elses_number_is_refused_to_who_has_the_phone(self, lena, mei, phone_of):
        office = phone_of(mei)
        assert office.post(ASK, {"phone": PHONE, "purpose": "bind"}).status_code == 202

        answer = office.call("PUT", "auth/phone", {"phone": PHONE, "code": codes()[0]})

        assert fields_of(answer) == {"phone"}
        assert User.objects.get(pk=lena.pk).phone == PHONE

    def test_can_be_undone(self, lena, phone_of, program):
        sms.verify(lena)
        office = phone_of(lena)

        assert office.delete("auth/phone").status_code == 204

        assert office.get("auth/me").json()["phone"] is None
        program().post(ASK, {"phone": PHONE, "purpose": "login"})
        assert not codes()

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_of_one_number_by_two_at_once_gives_it_to_one(self, mei, hans, phone_of, settings):
        settings.SMS_LIMITS = {}
        offices, given = [phone_of(mei), phone_of(hans)], []
        for office in offices:
            office.post(ASK, {"phone": PHONE, "purpose": "bind"})
            given.append(codes()[-1])

        answers = together(
            2,
            lambda number: (
                offices[number].call("PUT", "auth/phone", {"phone": PHONE, "code": given[number]}).status_code
            ),
        )

        assert Counter(answers) == {200: 1, 400: 1}
        assert User.objects.filter(phone=PHONE).count() == 1


class TestResetting:
    @pytest.mark.every_database
    def test_by_phone_leads_to_a_new_password(self, lena, program):
        assert program().post(ASK, {"phone": PHONE, "purpose": "reset"}).status_code == 202

        answer = program().post(RESET, {"phone": PHONE, "code": codes()[0]})

        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        given = {"token": answer.json()["token"], "new_password": ANOTHER}
        assert program().post(CONFIRM, given).status_code == 204
        assert program().sign_in(lena, ANOTHER)
        assert code_of(program().post(CONFIRM, given)) == (400, "20006")
        asked = LogEntry.objects.filter(additional_data__event="user.password_link_asked").get()
        assert asked.additional_data["details"]["by"] == "sms"

    def test_takes_no_wrong_code_and_no_number_of_nobody(self, lena, program):
        for phone in (PHONE, "13700137000"):
            program().post(ASK, {"phone": phone, "purpose": "reset"})
        code = codes()[0]

        answers = [
            program().post(RESET, {"phone": phone, "code": given})
            for phone, given in ((PHONE, wrong(code)), ("13700137000", code), ("13600136000", code))
        ]

        assert [code_of(one) for one in answers] == [(400, "20006")] * 3
        assert not PasswordLink.objects.exists()

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, {"username"}),
            ({"phone": PHONE}, {"code"}),
            ({"code": "123456"}, {"phone"}),
            ({"phone": PHONE, "code": "123456", "username": "x"}, {"phone", "code", "username"}),
            ({"phone": "7", "code": "123456"}, {"phone"}),
        ],
    )
    def test_names_what_is_missing(self, program, db, body, fields):
        assert fields_of(program().post(RESET, body)) == fields


class TestConfirming:
    def test_by_phone_counts_as_a_password_does(self, lena, phone_of):
        sms.verify(lena)
        office = phone_of(lena)
        long_ago()
        assert code_of(office.delete("auth/phone")) == (403, "20008")

        assert office.post(ASK, {"purpose": "confirm"}).status_code == 202
        answer = office.post("auth/confirm", {"sms_code": codes()[0]})

        assert answer.status_code == 200, answer.content
        assert office.delete("auth/phone").status_code == 204

    def test_goes_to_a_verified_number_of_ones_own_only(self, lena, phone_of):
        office = phone_of(lena)
        assert code_of(office.post(ASK, {"purpose": "confirm"})) == (409, "10005")
        assert code_of(office.post("auth/confirm", {"sms_code": "123456"})) == (409, "10005")
        sms.verify(lena)

        assert fields_of(office.post(ASK, {"purpose": "confirm", "phone": "13700137000"})) == {"phone"}
        assert office.post(ASK, {"purpose": "confirm", "phone": E164}).status_code == 202
        assert not codes("+8613700137000")

    def test_wants_the_right_code_and_one_proof(self, lena, phone_of):
        sms.verify(lena)
        office = phone_of(lena)
        office.post(ASK, {"purpose": "confirm"})

        assert code_of(office.post("auth/confirm", {"sms_code": wrong(codes()[0])})) == (400, "20006")
        assert code_of(office.post("auth/confirm", {"sms_code": "123456", "password": "x"})) == (400, "10000")


class TestForgetting:
    def test_takes_codes_and_refusals_of_long_ago(self, lena, program):
        for _ in range(2):
            program().post(ASK, {"phone": PHONE, "purpose": "login"})

        with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
            assert sms.forget_old() == 1
        with time_machine.travel(timezone.now() + timedelta(days=91), tick=True):
            assert sms.forget_old() == 1

    def test_of_a_person_takes_what_is_known_of_their_number(self, lena, program):
        for _ in range(2):
            program().post(ASK, {"phone": PHONE, "purpose": "login"})
        services.deactivate_user(user=lena, by=None)
        services.anonymise_user(by=None, user=User.objects.get(pk=lena.pk), reason="left")

        assert not VerificationCode.objects.exists()
        assert not Refusal.objects.exists()
        assert User.objects.get(pk=lena.pk).phone_verified == ""
