"""What somebody might do to codes by text message (T-S-1 to T-S-5)."""

import logging
import re
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LoginEvent, LoginSession
from integrations.sms import codes as sms_codes
from integrations.sms.models import Message, Refusal, VerificationCode
from tests.accounts import sms
from tests.accounts.conftest import code_of
from tests.accounts.sms import E164, PHONE, codes, wrong
from tests.accounts.test_back_office import browser_of
from tests.accounts.together import together
from tests.clients import until

pytestmark = pytest.mark.django_db
ASK, ENTER = "auth/sms-code", "auth/login/sms"
NOBODYS = "13700137000"


@pytest.fixture(autouse=True)
def telephone(db):
    sms.connect()


@pytest.fixture
def lena(hire):
    return hire("lenabauer", phone=PHONE, email="lena@example.com", language="en", is_staff=True)


@pytest.fixture
def ask(program):
    return lambda phone=PHONE, purpose="login", **more: program().post(
        ASK, {"phone": phone, "purpose": purpose}, **more
    )


@pytest.fixture
def enter(program):
    return lambda code, phone=PHONE, **more: program().post(ENTER, {"phone": phone, "code": code}, **more)


@pytest.mark.attack("T-S-1")
class TestGuessing:
    def test_kills_a_code_after_five(self, lena, ask, enter, settings):
        settings.LOGIN_MAX_FAILURES = 100
        ask()
        code = codes()[0]
        for _ in range(5):
            assert code_of(enter(wrong(code))) == (400, "20006")

        assert code_of(enter(code)) == (400, "20006")

    def test_within_five_still_leaves_the_right_one(self, lena, ask, enter):
        ask()
        code = codes()[0]
        for _ in range(4):
            enter(wrong(code))

        assert enter(code).status_code == 200

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_fifty_times_at_once_counts_fifty(self, lena, ask):
        ask()
        code = codes()[0]

        guesses = together(50, lambda number: sms_codes.take(E164, "login", wrong(code), about="api"))

        assert guesses == [False] * 50
        assert VerificationCode.objects.get().tries == 50
        assert not sms_codes.take(E164, "login", code, about="api")

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_with_the_right_one_among_fifty_wins_at_most_once(self, lena, ask):
        ask()
        code = codes()[0]
        given = [code if number % 10 == 0 else wrong(code) for number in range(50)]

        guesses = together(50, lambda number: sms_codes.take(E164, "login", given[number], about="api"))

        assert guesses.count(True) <= 1
        assert VerificationCode.objects.get().tries == 50


@pytest.mark.attack("T-S-2")
class TestReplay:
    def test_of_a_used_code_is_refused(self, lena, ask, enter):
        ask()
        code = codes()[0]
        assert enter(code).status_code == 200

        assert code_of(enter(code)) == (400, "20006")

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_at_the_same_moment_lets_one_in(self, lena, ask, enter):
        ask()
        code = codes()[0]

        answers = together(2, lambda _: enter(code).status_code)

        assert Counter(answers) == {200: 1, 400: 1}
        assert LoginSession.objects.count() == 1

    @pytest.mark.parametrize("other", ["reset", "bind", "confirm"])
    def test_in_another_scene_is_refused(self, lena, ask, program, phone_of, other):
        office = phone_of(lena)
        ask()
        code = codes()[0]

        answer = {
            "reset": lambda: program().post("auth/password-reset", {"phone": PHONE, "code": code}),
            "bind": lambda: office.call("PUT", "auth/phone", {"phone": PHONE, "code": code}),
            "confirm": lambda: sms.verify(lena) or office.post("auth/confirm", {"sms_code": code}),
        }[other]()

        assert code_of(answer) == (400, "20006")

    def test_at_another_door_is_refused(self, lena, ask):
        ask()
        code = codes()[0]

        assert not sms_codes.take(E164, "login", code, about="admin")

    def test_with_another_number_is_refused(self, lena, hire, ask, enter):
        hire("hansmeier", phone="13900139000")
        ask()
        ask("13900139000")
        mine, other = codes()[0], codes("+8613900139000")[0]
        assert mine != other or pytest.skip("one in a million")

        assert code_of(enter(mine, "13900139000")) == (400, "20006")

    def test_after_five_minutes_is_refused(self, lena, ask, enter):
        ask()
        code = codes()[0]

        with time_machine.travel(timezone.now() + timedelta(seconds=301), tick=True):
            assert code_of(enter(code)) == (400, "20006")

    def test_of_a_code_before_the_newest_is_refused(self, lena, ask, enter):
        ask()
        codes()
        sms.pass_a_minute()
        ask()
        first, second = codes()

        assert code_of(enter(first)) == (400, "20006") or first == second
        assert enter(second).status_code == 200


@pytest.mark.attack("T-S-3")
class TestSending:
    @pytest.mark.parametrize("phone", [PHONE, NOBODYS])
    def test_again_within_a_minute_is_refused(self, lena, ask, phone):
        assert ask(phone).status_code == 202

        again = ask(phone)

        assert code_of(again) == (429, "10007")
        assert 0 < int(again["Retry-After"]) <= 61
        sms.pass_a_minute()
        with sms.forgetful_cache():
            assert ask(phone).status_code == 202

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_at_once_passes_once(self, lena, ask):
        answers = together(6, lambda _: ask().status_code)

        assert Counter(answers) == {202: 1, 429: 5}
        assert VerificationCode.objects.count() == 1
        assert Refusal.objects.filter(limit="phone", rate="1/min").count() == 5

    def test_holds_while_redis_is_down(self, lena, ask, settings):
        dead = {"LOCATION": "redis://127.0.0.1:9/0"}
        settings.CACHES = {
            "default": {"BACKEND": "project.core.cache.Cache"} | dead,
            "state": {"BACKEND": "project.core.cache.StateCache"} | dead,
        }

        assert ask().status_code == 202
        assert code_of(ask()) == (429, "10007")
        assert len(codes()) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_not_free_while_the_database_is_away(self, lena, ask):
        with sms.locked_database():
            answer = ask()

        assert code_of(answer) == (503, "10004")
        assert not codes()

    def test_costs_the_address_the_network_and_the_device(self, lena, program, settings):
        settings.SMS_LIMITS = {"ip": [(2, 60)], "network": [(3, 60)], "device": [(4, 60)]}
        body = {"purpose": "login", "device": "phone of mine"}
        froms = [
            "203.0.113.1",
            "203.0.113.1",
            "203.0.113.1",
            "203.0.113.2",
            "203.0.113.3",
            "198.51.100.1",
            "198.51.100.2",
        ]

        answers = [
            program().post(ASK, body | {"phone": f"1370000000{number}"}, REMOTE_ADDR=ip).status_code
            for number, ip in enumerate(froms)
        ]

        assert answers == [202, 202, 429, 202, 429, 202, 429]
        assert list(Refusal.objects.order_by("created_at").values_list("limit", flat=True)) == [
            "ip",
            "network",
            "device",
        ]


@pytest.mark.attack("T-S-4")
class TestEnumerating:
    def test_by_asking_learns_nothing(self, lena, hire, ask):
        hire("goneaway", phone="13900139000", is_active=False)
        ask("13600136000", REMOTE_ADDR="203.0.113.200")  # whatever a process looks up once
        seen = {}
        for number, phone in enumerate((PHONE, "13900139000", NOBODYS)):
            seen[phone] = [_shape(partial(ask, phone, REMOTE_ADDR=f"203.0.{number}.1")) for _ in range(2)]

        assert len({str(one) for one in seen.values()}) == 1, seen
        assert codes() == codes()
        assert len(codes()) == 1

    def test_by_guessing_learns_nothing(self, lena, hire, ask, enter):
        seen = {}
        hire("goneaway", phone="13900139000", is_active=False)
        enter("000000", "13600136000", REMOTE_ADDR="203.0.113.200")
        for number, phone in enumerate((PHONE, "13900139000", NOBODYS)):
            there = {"REMOTE_ADDR": f"203.0.{number}.1"}
            ask(phone, **there)
            sms.work()
            sent = codes()[0]
            seen[phone] = [_shape(partial(enter, wrong(sent), phone, **there)) for _ in range(7)]

        assert len({str(one) for one in seen.values()}) == 1, seen
        assert [one[0] for one in seen[PHONE]] == [400] * 5 + [429] * 2


@pytest.mark.attack("T-S-5")
@pytest.mark.django_db(transaction=True)
def test_a_code_is_seen_on_the_phone_and_nowhere_else(lena, boss, ask, enter, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with sms.overheard() as told:
        answer = ask()
        waiting = [list(model.objects.values()) for model in (VerificationCode, Message)]
        code = codes()[0]
        refused, entered = enter(wrong(code)), enter(code)
        until(lambda: len(told) >= 2, "a worker is told of both rows")
    rows = [list(model.objects.values()) for model in (VerificationCode, Message, LoginEvent, LogEntry)]
    seen = [one.content.decode() for one in (answer, refused, entered)]
    seen += [str(waiting), str(rows), str(told), caplog.text, *capfd.readouterr(), *_pages(boss)]

    assert entered.status_code == 200
    alone = re.compile(rf"(?<![0-9A-Za-z_.-]){code}(?![0-9A-Za-z_.-])")
    assert [alone.search(one) for one in seen if alone.search(one)] == []


def _pages(boss):
    office = browser_of(boss)
    paths = ["/admin/", "/admin/accounts/loginevent/", "/admin/auditlog/logentry/"]
    if sms.has_page("sms_message"):
        paths += ["/admin/sms/message/", f"/admin/sms/message/{Message.objects.get().pk}/change/"]
    return [office.get(path).content.decode() for path in paths]


def _shape(act):
    """What a caller sees of an answer, and the work behind it."""
    with CaptureQueriesContext(connection) as made:
        answer = act()
    body = re.sub(r"[0-9a-f]{32}|\d+", "?", answer.content.decode())
    shapes = [re.sub(r"'[^']*'|\d+", "?", one["sql"])[:200] for one in made.captured_queries]
    return answer.status_code, body, [name for name in answer.headers if name != "X-Request-ID"], shapes
