"""Who forgot their password gets a link by mail; who asks for somebody else learns nothing."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import retention, second_factor, services
from accounts.errors import CannotBeInvited, LinkOver, NotAbove, NotForMachines
from accounts.models import LoginEvent, LoginSession, Machine, Mail, PasswordLink, PasswordRequest, User
from accounts.passwords import asked
from integrations.sms.models import Message, Provider
from integrations.sms.providers import memory
from project.core import jobs
from tests.accounts.captchas import knock_at_page, solved
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone
from tests.accounts.test_back_office import browser_of, is_in
from tests.accounts.together import together

pytestmark = pytest.mark.django_db

ANOTHER = "rain on the tin roof"
RESET, CONFIRM = "auth/password-reset", "auth/password-reset/confirm"
FORGOTTEN, NEW = "/admin/forgot-password/", "/admin/new-password/"


@pytest.fixture
def lena(hire):
    """Staff with a mail address."""
    return hire("lenabauer", email="Lena@example.com", language="en", is_staff=True)


def work() -> None:
    """Do what waits: requests first, then their mails."""
    jobs.registered()
    for model in (PasswordRequest, Mail):
        for row in jobs.due(model):
            jobs.run(model._meta.label, str(row.pk))


def token_in(message) -> str:
    found = re.search(r"^http\S+/admin/new-password/\?token=([A-Za-z0-9_-]{43})$", message.body, re.MULTILINE)
    assert found, message.body
    return found[1]


@pytest.fixture
def texts():
    """What was sent by a provider that keeps messages in memory."""
    Provider.objects.create(key="memory", name="Memory", kind="memory", sign_name="Gatehouse", cost_per_segment="0.05")
    memory.outbox.clear()
    yield memory.outbox
    memory.outbox.clear()


def token_in_text(texts) -> str:
    """Send the message that waits; return the token of its link."""
    jobs.registered()
    jobs.run("sms.Message", str(Message.objects.get().pk))
    found = re.search(r"/admin/new-password/\?token=([A-Za-z0-9_-]{43})", texts[-1].text)
    assert found, texts[-1].text
    return found[1]


def forget(program, name: str) -> str:
    """Ask for a link; return its token."""
    outbox.outbox.clear()
    assert program().post(RESET, {"username": name}).status_code == 202
    work()
    return token_in(outbox.outbox[0])


class TestAsking:
    @pytest.mark.parametrize("name", ["lenabauer", "LenaBauer", " lena@EXAMPLE.com ", "ｌｅｎａｂａｕｅｒ"])
    def test_brings_a_link_by_user_name_or_mail_address(self, lena, program, mailoutbox, name):
        assert forget(program, name)

        message = mailoutbox[0]
        assert message.to == ["Lena@example.com"]
        assert message.subject == "Choose a new password for Gatehouse"
        assert token_in(message) in message.alternatives[0][0]
        assert LogEntry.objects.filter(additional_data__event="user.password_link_asked").count() == 1

    def test_is_answered_alike_after_the_same_work_whoever_is_meant(self, lena, hire, program, mailoutbox):
        hire("goneaway", email="gone@example.com", is_active=False)
        hire("nomailhere")
        program().post(RESET, {"username": "firstofall"})  # whatever a process looks up once
        seen = {}
        names = ("lenabauer", "goneaway", "nomailhere", "nobodyatall", "gone@example.com", "a\u4e2d")
        for number, name in enumerate(names):
            with CaptureQueriesContext(
                connection,
            ) as made:
                answer = program().post(RESET, {"username": name}, REMOTE_ADDR=f"203.0.113.{number}")
            shapes = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in made.captured_queries]
            seen[name] = (answer.status_code, answer.content, len(shapes), [one[:60] for one in shapes])

        assert len({str(one) for one in seen.values()}) == 1, seen
        assert seen["lenabauer"][:2] == (202, b"")
        work()
        assert [message.to for message in mailoutbox] == [["Lena@example.com"]]

    def test_with_an_address_of_two_people_brings_nothing(self, lena, hire, program, mailoutbox):
        hire("lenaschmidt", email="lena@example.com")

        program().post(RESET, {"username": "lena@example.com"})
        work()

        assert not mailoutbox

    @pytest.mark.parametrize("name", ["lenabauer", "nobodyatall"])
    def test_is_limited_for_one_name_known_or_not(self, lena, program, mailoutbox, name):
        for _ in range(asked.OF_ONE_NAME):
            assert program().post(RESET, {"username": name}).status_code == 202

        answer = program().post(RESET, {"username": name.upper()})

        assert code_of(answer) == (429, "10007")
        assert 0 < int(answer["Retry-After"]) <= 900
        with time_machine.travel(timezone.now() + asked.WINDOW + timedelta(seconds=1), tick=True):
            assert program().post(RESET, {"username": name}).status_code == 202

    def test_is_limited_from_one_address(self, lena, program):
        for number in range(asked.FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        assert code_of(program().post(RESET, {"username": "lenabauer"})) == (429, "10007")
        assert program().post(RESET, {"username": "lenabauer"}, REMOTE_ADDR="203.0.113.9").status_code == 202

    @pytest.mark.parametrize("name", ["lenabauer", "nobodyatall"])
    def test_wants_a_captcha_after_some_from_one_address(self, lena, program, name):
        for number in range(asked.FREE_FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        answer = program().post(RESET, {"username": name})

        assert code_of(answer) == (403, "20009")
        given = {"username": name, "captcha": solved(answer.json()["error"])}
        assert program().post(RESET, given).status_code == 202
        assert code_of(program().post(RESET, given)) == (403, "20009")
        assert program().get("auth/captcha?for=password-reset").json()["due"] is True

    def test_wants_it_on_the_page_too(self, lena):
        assert "captcha" not in Client().get(FORGOTTEN).content.decode()
        for number in range(asked.FREE_FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        refused = Client().post(FORGOTTEN, {"username": "lenabauer"}, headers={"accept-language": "en"})
        answer = knock_at_page(Client(), {"username": "lenabauer"}, FORGOTTEN)

        assert "One more check is needed" in refused.content.decode()
        assert answer["Location"] == f"{FORGOTTEN}?sent=1"

    def test_under_many_names_still_brings_few_mails(self, lena, mailoutbox):
        for number in range(asked.TO_ONE_PERSON + 3):
            request = PasswordRequest.objects.create(name="lenabauer", ip=f"203.0.113.{number}")
            jobs.registered()
            jobs.run("accounts.PasswordRequest", str(request.pk))
        work()

        assert len(mailoutbox) == asked.TO_ONE_PERSON

    def test_from_an_address_that_is_not_allowed_is_refused(self, lena, program):
        services.create_address_rule(by=None, effect="deny", pattern="203.0.113.0/24")

        answer = program().post(RESET, {"username": "lenabauer"}, REMOTE_ADDR="203.0.113.9")

        assert code_of(answer) == (403, "10009")
        assert not PasswordRequest.objects.exists()

    @pytest.mark.parametrize("body", [{}, {"username": ""}, {"username": 7}, {"username": "x" * 255}, {"name": "x"}])
    def test_garbage_is_named(self, db, program, body):
        assert fields_of(program().post(RESET, body))


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


class TestInvitation:
    def test_lets_a_new_person_choose_their_password(self, clerk, phone_of, program, mailoutbox):
        office = phone_of(clerk)
        new = {"username": "newcomer1", "email": "new@example.com", "real_name": "Nia", "language": "zh-hans"}
        person = office.post("users/", new).json()["id"]

        answer = office.post(f"users/{person}/invite")

        assert answer.status_code == 202
        assert answer.json()["address"] == "new@example.com"
        assert "token" not in answer.content.decode()
        work()
        message = mailoutbox[0]
        assert message.subject == "您的 Gatehouse 账号：请设置密码"
        with time_machine.travel(timezone.now() + timedelta(hours=71), tick=True):
            done = program().post(CONFIRM, {"token": token_in(message), "new_password": ANOTHER})
        assert done.status_code == 204
        assert program().sign_in(User.objects.get(pk=person), ANOTHER)

    def test_goes_to_nobody_above_nor_to_who_has_no_address(self, clerk, boss, mei, hans, phone_of):
        office = phone_of(clerk)
        User.objects.filter(pk=boss.pk).update(email="boss@example.com")

        assert code_of(office.post(f"users/{boss.pk}/invite")) == (403, "10009")
        assert code_of(office.post(f"users/{mei.pk}/invite")) == (409, "10005")
        assert code_of(office.post("users/999999/invite")) == (404, "10008")
        assert code_of(phone_of(hans).post(f"users/{mei.pk}/invite")) == (403, "10009")
        assert not Mail.objects.exists()

    def test_goes_by_text_message_to_who_has_no_address(self, boss, mei, phone_of, program, texts):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")

        answer = phone_of(boss).post(f"users/{mei.pk}/invite")

        assert (answer.status_code, answer.json()["address"], answer.json()["phone"]) == (202, "", "138****8000")
        row = Message.objects.get()
        token = token_in_text(texts)
        assert token not in f"{row.parameters}{row.secret}{Message.objects.get().secret}"
        assert program().post(CONFIRM, {"token": token, "new_password": ANOTHER}).status_code == 204
        assert program().sign_in(User.objects.get(pk=mei.pk), ANOTHER)

    def test_by_text_message_is_void_once_the_number_is_another(self, boss, mei, phone_of, program, texts):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        phone_of(boss).post(f"users/{mei.pk}/invite")
        User.objects.filter(pk=mei.pk).update(phone="13800138001")

        assert program().post(CONFIRM, {"token": token_in_text(texts), "new_password": ANOTHER}).status_code == 400

    def test_by_text_message_wants_a_number_that_is_theirs_and_who_may_write_there(self, clerk, boss, mei, phone_of):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        assert code_of(phone_of(clerk).post(f"users/{mei.pk}/invite")) == (409, "10005")
        User.objects.filter(pk=mei.pk).update(phone_claimed="13800138000")
        assert code_of(phone_of(boss).post(f"users/{mei.pk}/invite")) == (409, "10005")

        assert not Message.objects.exists()
        assert not PasswordLink.objects.exists()

    def test_page_tells_whose_number_it_goes_to(self, boss, mei):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        browser, path = browser_of(boss), f"/admin/accounts/user/{mei.pk}/invite/"
        assert "+86138****8000" in browser.get(path).content.decode()

        answer = browser.post(path, {"confirmed": "yes", "reason": "new here"}, follow=True)

        assert "138****8000" in answer.content.decode()
        assert Message.objects.get().person == mei

    def test_is_no_machines_work(self, boss, lena, program):
        made = services.create_api_token(
            owner=boss, name="x", scopes=["accounts.change_user"], expires_at=timezone.now() + timedelta(days=1)
        )
        bearer = {"authorization": f"Bearer {made.text}"}

        assert code_of(program().post(f"users/{lena.pk}/invite", headers=bearer)) == (403, "10009")
        given = {"new_password": ANOTHER}
        assert code_of(program().post(f"users/{lena.pk}/password", given, headers=bearer)) == (403, "10009")
        with pytest.raises(NotForMachines):
            services.invite(user=lena, by=Machine.of(made.token))

    def test_is_refused_by_the_service_too(self, clerk, boss, mei):
        with pytest.raises(NotAbove):
            services.invite(user=boss, by=clerk)
        with pytest.raises(CannotBeInvited):
            services.invite(user=mei, by=clerk)
        with pytest.raises(LinkOver):
            services.choose_password(token="none", password=ANOTHER)

    def test_is_sent_from_the_persons_page(self, boss, lena, mailoutbox):
        browser, path = browser_of(boss), f"/admin/accounts/user/{lena.pk}/invite/"
        asking = browser.get(path).content.decode()
        assert "It goes to Lena@example.com" in asking
        assert 'href="../"' in asking
        assert not PasswordLink.objects.exists()

        answer = browser.post(path, {"confirmed": "yes", "reason": "forgot it"}, follow=True)

        assert "A link is on its way to Lena@example.com." in answer.content.decode()
        work()
        assert token_in(mailoutbox[-1])
        entry = LogEntry.objects.filter(additional_data__event="user.invited").get()
        assert entry.additional_data["reason"] == "forgot it"

    def test_says_on_the_page_why_not(self, boss, mei):
        path = f"/admin/accounts/user/{mei.pk}/invite/"

        answer = browser_of(boss).post(path, {"confirmed": "yes"}, follow=True)

        assert "cannot be sent a link" in answer.content.decode()


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


class TestForgetting:
    def test_takes_requests_and_links_that_are_over(self, lena, program, mailoutbox):
        forget(program, "lenabauer")
        assert retention.purge()["password_links"] == 0

        with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
            assert retention.purge()["password_links"] == 2
        assert not PasswordLink.objects.exists()
