"""Signing in with a code that came by text message."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import second_factor, services
from accounts.models import LoginEvent, LoginSession, User
from tests.accounts import sms
from tests.accounts.captchas import solved
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone
from tests.accounts.sms import E164, PHONE, codes, wrong

pytestmark = pytest.mark.django_db
ASK, ENTER = "auth/sms-code", "auth/login/sms"


@pytest.fixture(autouse=True)
def telephone(db):
    sms.connect()


@pytest.fixture
def lena(hire):
    """Staff whose number was typed by staff."""
    return hire("lenabauer", phone=PHONE, email="lena@example.com", language="en", is_staff=True)


@pytest.fixture
def ask(program):
    """Ask for a code as somebody who is not signed in."""

    def one(phone=PHONE, purpose="login", **more):
        answer = program().post(ASK, {"phone": phone, "purpose": purpose}, **more)
        assert answer.status_code == 202, answer.content
        return answer

    return one


@pytest.fixture
def enter(program):
    return lambda code, phone=PHONE, **more: program().post(ENTER, {"phone": phone, "code": code} | more)


class TestSigningIn:
    @pytest.mark.every_database
    def test_answers_what_a_password_does(self, lena, ask, enter, program):
        assert ask().json() == {"expires_in": 300}

        answer = enter(codes()[0], device="phone")

        assert answer.status_code == 200, answer.content
        known = program().post("auth/login", {"username": "lenabauer", "password": PASSWORD}).json()
        assert answer.json().keys() == known.keys()
        assert answer.json()["session"]["device"] == "phone"
        assert answer.json()["user"]["phone_verified_at"]
        event = LoginEvent.objects.filter(succeeded=True, method="sms").get()
        assert (event.username, event.user, event.session.sid) == ("lenabauer", lena, answer.json()["session"]["id"])

    @pytest.mark.parametrize("spelling", ["13800138000", "+8613800138000", "138 0013 8000", "+86 138-0013-8000"])
    def test_takes_a_number_however_it_is_written(self, lena, ask, enter, spelling):
        ask(spelling)

        assert enter(codes()[0], spelling).status_code == 200

    @pytest.mark.parametrize(("theirs", "asked_in", "said"), [
        ("en", "zh-hans", "Your code is"), ("", "en", "Your code is"), ("", "zh-hans", "您的验证码是"),
    ])  # fmt: skip
    def test_speaks_the_persons_language_or_else_that_of_who_asks(self, hire, ask, theirs, asked_in, said):
        hire("lenabauer", phone=PHONE, language=theirs)

        ask(headers={"accept-language": asked_in})

        assert sms.texts()[0].startswith(said)

    def test_displaces_the_session_before(self, lena, ask, enter, program):
        desk = program().sign_in(lena)
        ask()

        assert enter(codes()[0]).status_code == 200

        assert code_of(desk.get("auth/me")) == (401, "20001")

    def test_still_asks_for_the_second_factor(self, lena, ask, enter, program):
        begun = second_factor.begin(lena, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        second_factor.confirm(begun, phone.code(-1))
        ask()

        needed = enter(codes()[0], device="my phone")

        assert code_of(needed) == (401, "20005")
        assert not LoginSession.objects.exists()
        given = {"challenge": needed.json()["error"]["challenge"], "code": phone.code()}
        answer = program().post("auth/second-factor", given)
        assert answer.json()["session"]["device"] == "my phone"
        assert LoginEvent.objects.filter(succeeded=True).get().method == "sms"

    def test_holds_while_the_person_is_locked_out(self, lena, ask, enter, program, settings):
        settings.LOGIN_MAX_FAILURES = 2
        for _ in range(2):
            program().post("auth/login", {"username": "lenabauer", "password": "a guess"})
        ask()
        code = codes()[0]

        assert code_of(enter(wrong(code))) == (400, "20006"), "a stranger does not learn whose number it is"
        assert code_of(enter(code)) == (429, "20007")
        assert not LoginSession.objects.exists()

    def test_locks_the_number_after_wrong_codes(self, lena, ask, enter, program):
        ask()
        code = codes()[0]
        for _ in range(5):
            assert code_of(enter(wrong(code))) == (400, "20006")

        locked = enter(wrong(code))

        assert code_of(locked) == (429, "20007")
        assert 0 < int(locked["Retry-After"]) <= 900
        assert program().sign_in(lena), "the password's door is another"

    def test_obeys_the_address_rules(self, lena, program):
        services.create_address_rule(by=None, effect="deny", pattern="203.0.113.0/24")
        there = {"REMOTE_ADDR": "203.0.113.9"}

        asked = program().post(ASK, {"phone": PHONE, "purpose": "login"}, **there)
        entered = program().post(ENTER, {"phone": PHONE, "code": "123456"}, **there)

        assert code_of(asked) == code_of(entered) == (403, "10009")
        assert not codes()

    def test_of_the_disabled_is_a_wrong_code(self, lena, ask, enter):
        ask()
        code = codes()[0]
        services.deactivate_user(user=lena, by=None)

        assert code_of(enter(code)) == (400, "20006")

    def test_asks_for_a_new_password_where_one_is_due(self, lena, ask, enter):
        services.update_user(by=None, user=lena, must_change_password=True)
        ask()

        assert enter(codes()[0]).json()["password_due"] is True

    def test_can_be_switched_off(self, lena, program, settings):
        settings.SMS_SIGN_IN = False

        asked = program().post(ASK, {"phone": PHONE, "purpose": "login"})
        entered = program().post(ENTER, {"phone": PHONE, "code": "123456"})

        assert code_of(asked) == code_of(entered) == (403, "10009")

    def test_is_in_the_log_over_the_api(self, lena, ask, enter, boss, phone_of):
        ask()
        enter(codes()[0])
        office = phone_of(boss)

        found = office.get("sign-ins/?method=sms").json()["results"]

        assert [(one["username"], one["method"]) for one in found] == [("lenabauer", "sms")]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"purpose": "login"}, "phone"),
            ({"phone": PHONE}, "purpose"),
            ({"phone": PHONE, "purpose": "fun"}, "purpose"),
            ({"phone": "12345", "purpose": "login"}, "phone"),
            ({"phone": "1" * 50, "purpose": "login"}, "phone"),
            ({"phone": 13800138000, "purpose": "login"}, "phone"),
            ({"phone": PHONE, "purpose": "login", "more": 1}, "more"),
        ],
    )
    def test_names_what_is_wrong(self, program, body, field):
        assert field in fields_of(program().post(ASK, body))


class TestWhoseNumberItIs:
    def test_is_theirs_when_staff_typed_it(self, boss, mei, phone_of, ask):
        assert phone_of(boss).patch(f"users/{mei.pk}", {"phone": PHONE}).status_code == 200
        ask()

        assert len(codes()) == 1

    def test_is_theirs_when_they_typed_it_after_having_proved_who_they_are(self, mei, phone_of, ask):
        assert phone_of(mei).patch("auth/me", {"phone": PHONE}).status_code == 200
        ask()

        assert len(codes()) == 1

    def test_is_not_when_whoever_has_their_session_typed_it(self, mei, phone_of, ask):
        office = phone_of(mei)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        assert office.patch("auth/me", {"phone": PHONE}).status_code == 200
        ask()

        assert not codes()
        services.update_user(by=None, user=mei, phone="13900139000")
        ask("13900139000")
        assert len(codes("+8613900139000")) == 1

    def test_can_be_asked_to_be_verified(self, lena, ask, settings):
        settings.SMS_VERIFIED_ONLY = True
        ask()
        assert not codes()
        User.objects.filter(pk=lena.pk).update(phone_verified=PHONE)
        sms.pass_a_minute()

        ask()

        assert len(codes()) == 1

    def test_is_verified_no_more_when_it_changes(self, lena, ask, enter):
        ask()
        enter(codes()[0])
        assert User.objects.get(pk=lena.pk).has_verified_phone

        services.update_user(by=None, user=lena, phone="13900139000")

        assert not User.objects.get(pk=lena.pk).has_verified_phone


class TestCaptcha:
    def test_comes_after_some_for_one_phone_whoever_has_it(self, lena, ask, program, settings):
        settings.SMS_LIMITS = {}
        for number in (PHONE, "13700137000"):
            for _ in range(3):
                ask(number)

            needed = program().post(ASK, {"phone": number, "purpose": "login"})

            assert code_of(needed) == (403, "20009")
            given = {"phone": number, "purpose": "login", "captcha": solved(needed.json()["error"])}
            assert program().post(ASK, given).status_code == 202
            assert code_of(program().post(ASK, given)) == (403, "20009")

    def test_comes_after_many_from_one_address(self, program, ask, settings):
        settings.SMS_LIMITS, settings.SMS_CAPTCHA_AFTER = {}, 1
        for number in range(10):
            ask(f"1370000000{number}")

        assert code_of(program().post(ASK, {"phone": PHONE, "purpose": "login"})) == (403, "20009")
        assert ask(REMOTE_ADDR="203.0.113.9")

    def test_says_when_it_is_due(self, ask, program, settings):
        settings.SMS_LIMITS = {}
        assert program().get(f"auth/captcha?for=sms-code&about={PHONE}").json()["due"] is False
        for _ in range(3):
            ask()

        told = program().get(f"auth/captcha?for=sms-code&about={PHONE}").json()

        assert told["due"] is True
        given = {"phone": E164, "purpose": "login", "captcha": solved(told)}
        assert program().post(ASK, given).status_code == 202

    def test_is_not_asked_of_who_is_signed_in(self, mei, phone_of, settings):
        settings.SMS_LIMITS = {}
        office = phone_of(mei)

        answers = [office.post(ASK, {"phone": PHONE, "purpose": "bind"}).status_code for _ in range(5)]

        assert answers == [202] * 5


class TestLateCodes:
    def test_are_not_sent(self, lena, ask):
        ask()

        with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
            assert not codes()

    def test_on_their_way_are_dropped(self, lena, ask):
        ask()
        sms.answer_requests()

        with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
            assert not codes()
