"""The shield: which limits close, when they open, and what is told of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from auditlog.models import LogEntry
from django.core.cache import cache
from django.utils import timezone

from accounts import services
from accounts.models import Mail
from integrations.sms import codes
from integrations.sms import services as sms_services
from integrations.sms.codes import Purpose
from integrations.sms.models import Attempt, Message, Refusal, ShieldAlarm, VerificationCode
from integrations.sms.shield import Asked, budget, watch
from integrations.sms.shield.asked import network_of
from integrations.sms.shield.errors import BudgetSpent, NumberNotServed, TooManyCodes
from integrations.sms.shield.passing import ensure_worth_asking
from integrations.sms.tasks import watch_shield
from project.core import context

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


@pytest.fixture(autouse=True)
def empty_cache():
    """Each test begins without a context, and remembers nothing."""
    context.leave()
    cache.clear()


@pytest.fixture
def boss(db):
    return services.create_user(
        by=None,
        username="theboss",
        password="correct horse battery",
        is_superuser=True,
        is_staff=True,
        email="b@example.com",
    )


def ask(phone=PHONE, purpose=Purpose.LOGIN, **more):
    codes.ask(Asked(phone, purpose, **more))


def refused(phone=PHONE, purpose=Purpose.LOGIN, **more) -> TooManyCodes:
    with pytest.raises(TooManyCodes) as problem:
        ask(phone, purpose, **more)
    return problem.value


@pytest.mark.attack("T-S-3")
class TestLimits:
    def test_of_a_phone_are_one_a_minute_five_an_hour_ten_a_day(self, db):
        now, passed, rates = timezone.now(), [], set()
        for minute in range(0, 26 * 60, 7):
            with time_machine.travel(now + timedelta(minutes=minute), tick=False):
                cache.clear()
                try:
                    ask()
                    passed.append(minute)
                except TooManyCodes as why:
                    rates.add(why.rate)

        assert rates == {"5/h", "10/day"}
        assert _most(passed, within=60) == 5
        assert _most(passed, within=24 * 60) == 10

    @pytest.mark.parametrize(
        ("limit", "first", "second", "other"),
        [
            ("ip", {"ip": "203.0.113.1"}, {"ip": "203.0.113.1"}, {"ip": "203.0.113.2"}),
            ("network", {"ip": "203.0.113.1"}, {"ip": "203.0.113.2"}, {"ip": "203.0.112.1"}),
            ("network", {"ip": "2001:db8::1"}, {"ip": "2001:db8::ffff:1"}, {"ip": "2001:db8:0:1::1"}),
            ("device", {"device": "mine"}, {"device": "mine"}, {"device": "yours"}),
            ("prefix", {}, {}, {"phone": "+6581234567"}),
            ("purpose", {}, {}, {"purpose": Purpose.RESET}),
        ],
    )
    def test_close_for_what_they_are_about(self, settings, limit, first, second, other):
        settings.SMS_LIMITS = {limit: [(1, 60)]}
        ask("+8613800138001", **first)

        why = refused("+8613800138002", **second)

        assert (why.limit, why.rate) == (limit, "1/min")
        assert 0 < int(why.headers["Retry-After"]) <= 61
        ask(**({"phone": "+8613800138003"} | other))
        assert Refusal.objects.get().limit == limit

    def test_open_again(self, settings):
        settings.SMS_LIMITS = {"phone": [(1, 60)]}
        ask()
        refused()

        with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
            ask()

    def test_are_told_by_the_one_that_opens_last(self, settings):
        settings.SMS_LIMITS = {"phone": [(1, 60)], "ip": [(1, 3600)]}
        ask(ip="203.0.113.1")

        assert refused(ip="203.0.113.1").rate == "1/h"

    def test_can_be_none(self, settings):
        settings.SMS_LIMITS = {"phone": []}
        for _ in range(20):
            ask()

    def test_are_remembered_for_a_minute_and_leave_a_row_each_time(self, settings, django_assert_num_queries):
        settings.SMS_LIMITS = {"phone": [(1, 3600)]}
        ask()
        refused()

        with django_assert_num_queries(1), pytest.raises(TooManyCodes) as problem:
            ensure_worth_asking(Asked(PHONE, Purpose.LOGIN))

        assert problem.value.rate == "1/h"
        assert Refusal.objects.count() == 2


def _most(minutes, within):
    """The most of `minutes` that lie within any so many."""
    return max(sum(begin <= one < begin + within for one in minutes) for begin in minutes)


@pytest.mark.attack("T-S-3")
class TestNumbers:
    @pytest.mark.parametrize(
        ("phone", "limit"),
        [("+6581234567", "not_served"), ("+447700900123", "not_served"), ("+8617012345678", "blocked")],
    )
    def test_that_are_not_served_are_refused(self, settings, phone, limit):
        settings.SMS_BLOCKED_PREFIXES = ["+86170"]

        with pytest.raises(NumberNotServed):
            ensure_worth_asking(Asked(phone, Purpose.LOGIN, ip="203.0.113.1"))

        assert Refusal.objects.get().limit == limit

    def test_of_expensive_kinds_are_blocked_wherever_they_are(self, settings):
        settings.SMS_COUNTRIES = []

        with pytest.raises(NumberNotServed):
            ensure_worth_asking(Asked("+449012345678", Purpose.LOGIN))
        ensure_worth_asking(Asked("+6581234567", Purpose.LOGIN))

    @pytest.mark.parametrize(
        ("ip", "network"),
        [("203.0.113.7", "203.0.113.0/24"), ("2001:db8::7", "2001:db8::/64"), ("", ""), ("unix", "")],
    )
    def test_addresses_count_by_network_too(self, ip, network):
        assert network_of(ip) == network


@pytest.mark.attack("T-S-3")
class TestBudget:
    def test_near_its_end_is_told_once(self, ask_message, settings, boss):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask_message(cost="0.85")

        for _ in range(2):
            budget.ensure_left()

        assert ShieldAlarm.objects.get().kind == "budget_near"
        assert Mail.objects.get().name == "sms_budget_near"

    def test_spent_stops_codes_until_midnight_and_is_told_once(self, ask_message, settings, boss):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask_message(cost="1.00")

        for _ in range(2):
            with pytest.raises(BudgetSpent) as problem:
                ensure_worth_asking(Asked(PHONE, Purpose.LOGIN))

        assert (problem.value.code, problem.value.status) == ("50101", 429)
        assert 0 < int(problem.value.headers["Retry-After"]) <= 86_400
        assert Mail.objects.filter(name="sms_budget_spent").count() == 1
        assert Refusal.objects.filter(limit="budget").count() == 2
        with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
            ensure_worth_asking(Asked(PHONE, Purpose.LOGIN))

    def test_spent_stops_what_staff_send_too(self, ask_message, settings, boss):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask_message(cost="1.00")

        with pytest.raises(BudgetSpent):
            sms_services.send_by_hand(template="notice", parameters={"text": "x"}, by=boss, phone=PHONE)

        assert Message.objects.count() == 1

    def test_is_looked_after_while_nobody_asks(self, ask_message, settings, boss):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask_message(cost="1.00")

        watch_shield()

        assert Mail.objects.get().name == "sms_budget_spent"

    def test_counts_what_waits_and_not_what_never_left(self, ask_message, settings):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask_message(cost="0.50", state="pending")
        ask_message(cost="9.00", state="expired")

        assert budget.spent_today() == Decimal("0.50")

    def test_that_ran_out_meanwhile_stops_what_waits(self, ask_message, settings, outbox):
        settings.SMS_DAILY_BUDGET = Decimal(1)
        ask()
        wanted = VerificationCode.objects.get()
        ask_message(cost="1.00")

        codes.answer(wanted)

        assert Message.objects.count() == 1
        assert VerificationCode.objects.get().state == "done"
        assert Refusal.objects.get().limit == "budget"

    def test_of_nothing_is_none(self, ask_message, settings):
        settings.SMS_DAILY_BUDGET = Decimal(0)
        ask_message(cost="999")

        budget.ensure_left()


@pytest.mark.attack("T-S-3")
class TestConversion:
    @pytest.fixture
    def sent(self):
        """Codes that were sent and can be used no more, of which some were used."""

        def some(number, used, prefix=86):
            past = timezone.now() - timedelta(minutes=10)
            for one in range(number):
                VerificationCode.objects.create(
                    phone=f"+{prefix}1380013{one:04}",
                    prefix=prefix,
                    purpose="login",
                    code_hash="x" * 64,
                    used_at=past if one < used else None,
                    created_at=past,
                    expires_at=past + timedelta(minutes=5),
                )

        return some

    def test_below_a_fifth_is_told_once(self, sent, boss):
        sent(25, used=4)

        assert [watch_shield(), watch_shield()] == [1, 1]

        assert Mail.objects.get().name == "sms_conversion"
        entry = LogEntry.objects.filter(additional_data__event="sms.conversion").get()
        assert entry.additional_data["details"]["what"] == "+86: 4 / 25"

    def test_of_a_fifth_is_fine(self, sent, boss):
        sent(25, used=5)

        assert watch_shield() == 0

    def test_of_few_says_nothing(self, sent, boss):
        sent(19, used=0)

        assert watch_shield() == 0

    def test_is_judged_country_by_country(self, sent, boss):
        sent(100, used=90)
        sent(20, used=0, prefix=44)

        assert watch_shield() == 1
        assert ShieldAlarm.objects.get().about == "+44"
        assert [one.prefix for one in watch.conversions()] == [86, 44]

    def test_leaves_out_what_can_still_be_used(self, db):
        ask()
        VerificationCode.objects.update(code_hash="x" * 64)

        assert watch.conversions() == []


@pytest.fixture
def ask_message(ask_notice):
    """A message of some cost and state."""

    def one(cost, state="sent"):
        message = ask_notice()
        Message.objects.filter(pk=message.pk).update(cost=cost, state=state)
        if state == "sent":
            Attempt.objects.create(message=message, number=1, provider_key="memory", outcome="accepted", cost=cost)

    return one
