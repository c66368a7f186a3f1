"""Text messages over HTTP: who may send, who sees what, and once for each key."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from accounts.models import Department, Role, User
from accounts.services import anonymise_user, deactivate_user
from integrations.sms import services
from integrations.sms.models import Message, Template
from tests.access.test_api import machine_of, person, program_of
from tests.accounts.conftest import Program
from tests.integrations.sms.conftest import work

MESSAGES = "/api/v1/sms/messages/"
NOTICE = {"phone": "138 0000 0000", "template": "notice", "parameters": {"text": "Lunch is ready."}}


@pytest.fixture
def boss(db: None) -> Program:
    return program_of(person("theboss", is_staff=True, is_superuser=True))


@pytest.fixture
def sender(db: None) -> Program:
    """Somebody who reaches only themselves, and may write to any number."""
    user = person("sender", "sms.send_message", "sms.send_to_number", "sms.view_message")
    Role.objects.update(scope=Role.Scope.SELF)
    return program_of(user)


@pytest.fixture
def mei(db: None) -> User:
    return person("meiling", phone="13911112222", language="zh-hans")


class TestSending:
    def test_answers_at_once_and_sends_in_the_background(self, boss, outbox):
        answer = boss.call("POST", MESSAGES, NOTICE)

        message = Message.objects.get(pk=answer.json()["id"])
        assert (answer.status_code, answer.json()["state"]) == (202, "pending")
        assert work(message).state == "sent"
        assert (outbox[0].phone, outbox[0].text) == ("+8613800000000", "Lunch is ready.")
        assert (message.purpose, message.asked_by.username) == ("manual", "theboss")

    def test_to_a_person_goes_to_their_number_in_their_language(self, boss, outbox, mei):
        boss.call("POST", MESSAGES, {"user": mei.pk, "template": "notice", "parameters": {"text": "午饭好了"}})

        message = Message.objects.get()
        assert (message.phone, message.language, message.person) == ("+8613911112222", "zh-hans", mei)

    def test_is_done_once_for_a_key(self, boss, outbox):
        answers = [boss.call("POST", MESSAGES, NOTICE, headers={"Idempotency-Key": "lunch-1"}) for _time in range(3)]

        assert {answer.json()["id"] for answer in answers} == {str(Message.objects.get().pk)}
        assert answers[2].headers["Idempotency-Replayed"] == "true"
        other = boss.call("POST", MESSAGES, NOTICE | {"phone": "13800000001"}, headers={"Idempotency-Key": "lunch-1"})
        assert other.status_code == 422

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({"phone": "12345"}, "10000", "phone"),
            ({"user": 10**9, "phone": None}, "10000", "user"),
            ({"phone": None}, "10000", "phone"),
            ({"user": 1}, "10000", "phone"),
            ({"template": "nonsense"}, "50001", "template"),
            ({"template": "verification", "parameters": {"code": "1", "minutes": "5"}}, "50001", "template"),
            ({"parameters": {}}, "50002", "parameters"),
            ({"parameters": {"text": "x", "more": "y"}}, "50002", "parameters"),
            ({"parameters": {"text": "two\nlines"}}, "50002", "parameters"),
            ({"language": "klingon"}, "10000", "language"),
            ({"purpose": "login"}, "10000", "purpose"),
        ],
    )
    def test_says_what_is_wrong(self, boss, body, code, field):
        given = {name: value for name, value in (NOTICE | body).items() if value is not None}
        answer = boss.call("POST", MESSAGES, given)

        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, code)
        assert field in error["fields"]
        assert not Message.objects.exists()

    def test_says_that_somebody_has_no_number(self, boss):
        nobody = person("nobodys")
        answer = boss.call("POST", MESSAGES, {"user": nobody.pk, "template": "notice", "parameters": {"text": "x"}})

        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["user"])

    def test_reaches_nobody_outside_ones_scope(self, sender, mei):
        answer = sender.call("POST", MESSAGES, {"user": mei.pk, "template": "notice", "parameters": {"text": "x"}})

        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["user"])


class TestNumbers:
    """Those of people are for who reaches them, others by a permission of their own."""

    @pytest.fixture
    def lead(self, db: None) -> User:
        """Somebody who reaches their own department, and holds no more than sending."""
        room = Department.objects.create(name="Post room")
        user = person("theleads", "sms.send_message", "accounts.add_apitoken", department=room)
        Role.objects.filter(key="theleadsrole").update(scope=Role.Scope.DEPARTMENT)
        person("nearby", phone="13911112222", language="zh-hans", department=room)
        person("faraway", phone="13933334444")
        return User.objects.get(pk=user.pk)

    def send(self, program: Program, phone: str) -> tuple[int, str]:
        answer = program.call("POST", MESSAGES, NOTICE | {"phone": phone})
        return answer.status_code, str(answer.json().get("error", {}).get("fields", {}))

    @pytest.mark.every_database
    def test_of_people_in_reach_are_written_to_in_their_language(self, lead):
        assert self.send(program_of(lead), "+86 139 1111 2222")[0] == 202

        message = Message.objects.get()
        assert (message.person.username, message.language) == ("nearby", "zh-hans")

    def test_of_others_and_of_nobody_are_refused_alike(self, lead):
        answers = {self.send(program_of(lead), phone) for phone in ("13933334444", "13800000000")}

        assert answers == {(400, "{'phone': ['None of the people you reach has this number.']}")}
        assert not Message.objects.exists()

    def test_of_nobody_are_written_to_by_who_may(self, sender, mei):
        assert self.send(sender, "13800000000")[0] == 202
        assert self.send(sender, str(mei.phone))[0] == 202

        # whose number it is, is not told: as if it were nobody's
        assert set(Message.objects.values_list("person", flat=True)) == {None}

    def test_are_as_far_for_a_machine_as_its_scopes_say(self, boss, lead):
        person_of_all = person("thewhole", "sms.send_message", "sms.send_to_number", "accounts.add_apitoken")
        narrow, wide = ({"sms.send_message"}, {"sms.send_message", "sms.send_to_number"})

        assert self.send(machine_of(person_of_all, *narrow), "13800000000")[0] == 400
        assert self.send(machine_of(person_of_all, *wide), "13800000000")[0] == 202

    def test_of_people_who_are_disabled_are_nobodys(self, boss, mei):
        deactivate_user(by=None, user=mei)

        answer = boss.call("POST", MESSAGES, {"user": mei.pk, "template": "notice", "parameters": {"text": "x"}})

        assert list(answer.json()["error"]["fields"]) == ["user"]


class TestReading:
    def test_hides_numbers_and_codes(self, sender, boss, ask, outbox):
        sender.call("POST", MESSAGES, NOTICE)
        ask(person=User.objects.get(username="sender"))

        rows = sender.call("GET", MESSAGES).json()["results"]

        assert {row["phone"] for row in rows} == {"+86138****0000"}
        assert "314159" not in str(rows)
        assert {row["phone"] for row in boss.call("GET", MESSAGES).json()["results"]} == {"+8613800000000"}

    def test_shows_ones_own_and_those_of_ones_people(self, sender, boss, ask, ask_notice, mei):
        ask_notice(person=mei)
        ask_notice()
        sender.call("POST", MESSAGES, NOTICE)

        assert sender.call("GET", MESSAGES).json()["count"] == 1
        assert boss.call("GET", MESSAGES).json()["count"] == 3
        foreign = Message.objects.get(person=mei)
        assert sender.call("GET", f"{MESSAGES}{foreign.pk}/").status_code == 404

    def test_narrows(self, boss, ask, ask_notice, outbox, mei):
        work(ask_notice(person=mei, phone="+6581234567"))
        ask()
        tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

        def count(**query):
            return boss.get(f"{MESSAGES}?{urlencode(query)}").json()["count"]

        assert count() == 2
        assert count(state="sent") == count(template="notice") == count(purpose="login") == 1
        assert count(provider="memory") == count(phone="+65 8123 4567") == count(user=mei.pk) == 1
        assert count(since=tomorrow) == 0
        assert count(until=tomorrow) == 2
        assert boss.get(f"{MESSAGES}?stat=sent").status_code == 400

    def test_tells_of_each_try(self, boss, ask, aliyun, gateway):
        message = work(ask())

        told = boss.call("GET", f"{MESSAGES}{message.pk}").json()

        (one,) = told["tries"]
        assert (one["provider"], one["outcome"], one["remote_id"]) == ("aliyun", "accepted", gateway.taken[0].biz_id)
        assert told["cost"] == "0.0450"

    def test_takes_few_questions_however_long_the_list(self, boss, ask_notice, outbox, django_assert_max_num_queries):
        for _message in range(5):
            work(ask_notice())
        with django_assert_max_num_queries(25):
            boss.call("GET", MESSAGES)


class TestSendingAgain:
    def test_is_asked_for(self, boss, ask_notice, outbox):
        message = ask_notice()
        message.move("dead")

        answer = boss.call("POST", f"{MESSAGES}{message.pk}/resend", {})

        assert (answer.status_code, answer.json()["state"]) == (202, "pending")
        again = boss.call("POST", f"{MESSAGES}{message.pk}/resend", {})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "10005")

    def test_is_not_for_who_only_sends(self, sender, outbox):
        pk = sender.call("POST", MESSAGES, NOTICE).json()["id"]

        assert sender.call("POST", f"{MESSAGES}{pk}/resend", {}).status_code == 403

    def test_may_be_unnecessary(self, sender, outbox):
        pk = sender.call("POST", MESSAGES, NOTICE).json()["id"]

        assert sender.call("POST", f"{MESSAGES}{pk}/cancel", {}).json()["state"] == "cancelled"


class TestTemplatesAndProviders:
    def test_say_what_a_program_must_know(self, boss, aliyun):
        (invitation, notice, verification) = boss.call("GET", "/api/v1/sms/templates/").json()["results"]

        assert (invitation["parameters"], invitation["by_hand"]) == (["days", "link", "name"], False)
        assert (notice["key"], notice["parameters"], notice["by_hand"]) == ("notice", ["text"], True)
        assert (verification["parameters"], verification["by_hand"]) == (["code", "minutes"], False)
        assert verification["codes"] == [
            {"provider": "aliyun", "language": "", "code": "SMS_100000001", "sign_name": "", "order": []}
        ]

    def test_mask_credentials(self, boss, aliyun, ask, gateway):
        work(ask())
        answer = boss.call("GET", "/api/v1/sms/providers/")

        (row,) = answer.json()["results"]
        assert row["credentials"] == {
            "access_key_id": "***ests",
            "access_key_secret": "***",
            "receipt_secret": "***",
        }
        assert (row["breaker"], row["sent_today"], row["trouble_code"]) == ("closed", 1, "")
        assert "made-up-secret" not in str(answer.json())


class TestForgetting:
    def test_of_a_person_keeps_no_number_and_no_words(self, mei, ask_notice, outbox):
        work(ask_notice(person=mei, phone="+8613911112222"))
        ask_notice(phone="+8613911112222")
        deactivate_user(by=None, user=mei)
        anonymise_user(by=None, user=mei, reason="")

        assert set(Message.objects.values_list("phone", "state")) == {("…", "sent"), ("…", "cancelled")}
        assert not Message.objects.exclude(parameters={}).exists()

    def test_of_old_messages_leaves_what_still_waits(self, ask, outbox, settings):
        work(ask())
        ask()
        Message.objects.update(created_at=timezone.now() - timedelta(days=181))
        work(ask())

        assert services.purge() == 1
        assert Message.objects.count() == 2
        assert Template.objects.count() == 3
