"""Codes by text message in the back office: at the door, for one's own phone, and before what is dangerous."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import second_factor
from accounts.models import LoginEvent, LoginSession, User
from integrations.sms.models import VerificationCode
from tests.accounts import sms
from tests.accounts.captchas import solved_on
from tests.accounts.phones import Phone
from tests.accounts.sms import E164, PHONE, codes, wrong
from tests.accounts.test_back_office import FIREFOX, browser_of, is_in

pytestmark = pytest.mark.django_db
DOOR, FORGOTTEN, OWN, SAFETY = (
    "/admin/sms-sign-in/",
    "/admin/forgot-password/sms/",
    "/admin/phone/",
    "/admin/sign-in-safety/",
)
ANOTHER = "rain on the tin roof"


@pytest.fixture(autouse=True)
def telephone(db):
    sms.connect()


@pytest.fixture
def lena(hire):
    return hire("lenabauer", phone=PHONE, email="lena@example.com", language="en", is_staff=True, is_superuser=True)


@pytest.fixture
def visitor():
    return Client(headers={"accept-language": "en", "user-agent": FIREFOX})


def ask(browser, phone=PHONE, page=DOOR, **more):
    return browser.post(page, {"do": "ask", "phone": phone} | more, follow=True).content.decode()


def enter(browser, code, page=DOOR, **more):
    return browser.post(page, {"do": "enter", "code": code} | more)


class TestDoor:
    def test_is_shown_at_the_sign_in_and_lets_staff_in(self, lena, visitor):
        assert f'href="{DOOR}' in visitor.get("/admin/login/").content.decode()
        asked = ask(visitor)
        assert f"If {PHONE} belongs to an account" in asked

        answer = enter(visitor, codes()[0], next="/admin/accounts/user/")

        assert answer["Location"] == "/admin/accounts/user/"
        assert is_in(visitor)
        event = LoginEvent.objects.get(succeeded=True)
        assert (event.method, event.scope, event.session.kind) == ("sms", "admin", "django")

    def test_says_the_same_of_everybody(self, lena, visitor):
        known, unknown = ask(visitor), ask(Client(headers={"accept-language": "en"}), "13700137000")

        assert len(codes()) == 1
        assert known.count("a code is on its way") == unknown.count("a code is on its way") == 1

    def test_lets_in_who_is_staff_only(self, lena, mei, visitor):
        User.objects.filter(pk=lena.pk).update(is_staff=False)
        ask(visitor)

        assert not codes()
        User.objects.filter(pk=lena.pk).update(is_staff=True)
        sms.pass_a_minute()
        with sms.forgetful_cache():
            ask(visitor)
        code = codes()[0]
        User.objects.filter(pk=lena.pk).update(is_staff=False)
        assert "The code is wrong" in enter(visitor, code).content.decode()
        assert LoginEvent.objects.filter(reason="not_staff", method="sms").exists()

    def test_goes_on_to_the_second_step(self, lena, visitor):
        begun = second_factor.begin(lena, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        second_factor.confirm(begun, phone.code(-1))
        ask(visitor)

        needed = enter(visitor, codes()[0])
        assert needed["Location"].startswith("/admin/second-step/")
        assert not is_in(visitor)
        visitor.post("/admin/second-step/", {"code": phone.code()})

        assert is_in(visitor)
        assert LoginEvent.objects.get(succeeded=True).method == "sms"

    def test_says_what_is_wrong(self, lena, visitor):
        assert "Enter a mobile number" in ask(visitor, "12345")
        ask(visitor)
        assert "The code is wrong, used or expired." in enter(visitor, wrong(codes()[0])).content.decode()
        assert "Too many codes were asked for." in ask(visitor)

    def test_without_a_number_takes_no_code(self, lena, visitor):
        assert enter(visitor, "123456")["Location"].startswith(DOOR)
        assert not is_in(visitor)

    def test_wants_a_captcha_after_some(self, lena, visitor, settings):
        settings.SMS_LIMITS = {}
        for _ in range(3):
            ask(visitor)

        refused = ask(visitor)
        assert "One more check is needed" in refused
        assert "a code is on its way" in ask(visitor, captcha=solved_on(refused))
        assert len(codes()) == 4

    def test_leads_to_our_own_host_only(self, lena, visitor):
        ask(visitor)

        assert enter(visitor, codes()[0], next="https://evil.example/")["Location"] == "/admin/"

    def test_can_be_closed(self, lena, visitor, settings):
        settings.SMS_SIGN_IN = False

        assert visitor.get(DOOR).status_code == visitor.get(FORGOTTEN).status_code == 404
        assert DOOR not in visitor.get("/admin/login/").content.decode()

    def test_is_not_shown_where_nobody_carries_the_codes(self, lena, visitor, settings):
        assert DOOR in visitor.get("/admin/login/").content.decode()

        settings.ENVIRONMENT = "prod"

        assert DOOR not in visitor.get("/admin/login/").content.decode()
        assert FORGOTTEN not in visitor.get("/admin/forgot-password/").content.decode()

    def test_offers_to_sign_out_of_the_oldest_device(self, lena, visitor, settings):
        settings.MULTI_LOGIN, settings.MULTI_LOGIN_OVERFLOW = True, "refuse"
        settings.MULTI_LOGIN_LIMITS = dict.fromkeys(settings.MULTI_LOGIN_LIMITS, 1)
        first = browser_of(lena)
        ask(visitor)

        refused = enter(visitor, codes()[0])
        assert refused["Location"].startswith(DOOR)
        assert 'name="sign_out_oldest"' in visitor.get(refused["Location"]).content.decode()
        sms.pass_a_minute()
        with sms.forgetful_cache():
            ask(visitor, sign_out_oldest="1")
        enter(visitor, codes()[-1])

        assert is_in(visitor)
        assert not is_in(first)

    def test_is_in_chinese_too(self, lena):
        page = Client(headers={"accept-language": "zh-hans"}).get(DOOR).content.decode()

        assert "短信" in page
        assert "Send a code" not in page


class TestForgotten:
    def test_leads_to_a_new_password(self, lena, visitor):
        assert f'href="{FORGOTTEN}"' in visitor.get("/admin/forgot-password/").content.decode()
        ask(visitor, page=FORGOTTEN)

        moved = enter(visitor, codes()[0], page=FORGOTTEN)

        assert moved["Location"] == "/admin/new-password/"
        done = visitor.post("/admin/new-password/", {"new_password": ANOTHER, "again": ANOTHER}).content.decode()
        assert "You are signed out everywhere." in done
        assert is_in(browser_of(lena, ANOTHER))

    def test_takes_no_code_of_the_sign_in(self, lena, visitor):
        ask(visitor)

        assert "The code is wrong" in enter(visitor, codes()[0], page=FORGOTTEN).content.decode()


class TestOwnPhone:
    def test_is_bound_with_a_code(self, boss):
        office = browser_of(boss)
        assert "Bind a phone" in office.get(SAFETY).content.decode()
        waiting = office.post(OWN, {"do": "ask", "phone": PHONE}).content.decode()
        assert f"A code is on its way to {PHONE}." in waiting

        bound = office.post(OWN, {"do": "bind", "phone": PHONE, "code": codes()[0]}, follow=True).content.decode()

        assert "This number is yours now" in bound
        assert User.objects.get(pk=boss.pk).has_verified_phone

    def test_says_what_is_wrong(self, boss, hire):
        hire("somebody", phone="13900139000")
        office = browser_of(boss)
        office.post(OWN, {"do": "ask", "phone": PHONE})
        assert "Enter a mobile number" in office.post(OWN, {"do": "ask", "phone": "7"}).content.decode()
        wrong_one = office.post(OWN, {"do": "bind", "phone": PHONE, "code": wrong(codes()[0])}).content.decode()
        office.post(OWN, {"do": "ask", "phone": "13900139000"})

        taken = {"do": "bind", "phone": "13900139000", "code": codes("+8613900139000")[0]}

        assert "The code is wrong" in wrong_one
        assert "There is already a person of this phone number." in office.post(OWN, taken).content.decode()

    def test_is_taken_away(self, lena):
        office = browser_of(lena)

        office.post(OWN, {"do": "remove"})

        assert User.objects.get(pk=lena.pk).phone is None

    def test_wants_a_recent_sign_in(self, lena):
        office = browser_of(lena)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        assert "Is it you?" in office.post(OWN, {"do": "remove"}).content.decode()
        assert User.objects.get(pk=lena.pk).phone == PHONE


class TestIsItYou:
    @pytest.fixture
    def office(self, lena):
        sms.verify(lena)
        office = browser_of(lena)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))
        return office

    def test_can_be_shown_by_a_code(self, lena, office):
        page = office.post(OWN, {"do": "remove"}).content.decode()
        assert "Send a code to +86138****8000" in page
        sent = office.post(OWN, {"do": "remove", "proof-password": "", "proof-send": "1"}).content.decode()
        assert "A code is on its way to +86138****8000." in sent
        assert 'name="proof-sms_code"' in sent
        assert 'name="do" value="remove"' in sent

        given = {"do": "remove", "proof-password": "", "proof-then": "post", "proof-sms_code": codes()[0]}
        done = office.post(OWN, given)

        assert done.status_code == 302
        assert User.objects.get(pk=lena.pk).phone is None
        assert VerificationCode.objects.get().purpose == "confirm"

    def test_is_not_shown_by_a_wrong_one(self, lena, office):
        office.post(OWN, {"do": "remove", "proof-password": "", "proof-send": "1"})

        given = {"do": "remove", "proof-password": "", "proof-then": "post", "proof-sms_code": wrong(codes()[0])}
        refused = office.post(OWN, given).content.decode()

        assert "The code is wrong, used or expired." in refused
        assert User.objects.get(pk=lena.pk).phone == PHONE

    def test_says_when_too_many_were_asked_for(self, lena, office):
        send = {"do": "remove", "proof-password": "", "proof-send": "1"}
        office.post(OWN, send)

        assert "Too many codes were asked for." in office.post(OWN, send).content.decode()
        assert len(codes(E164)) == 1

    def test_is_not_offered_without_a_verified_number(self, hire):
        hans = hire("hansmeier", phone=PHONE, is_staff=True, is_superuser=True)
        office = browser_of(hans)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        assert "Send a code" not in office.post(OWN, {"do": "remove"}).content.decode()
