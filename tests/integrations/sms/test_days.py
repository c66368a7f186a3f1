"""On which day a message counts: on each on which it was handed to a provider, whenever it was asked for."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from integrations.sms import routing, services, standing
from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers import memory
from integrations.sms.providers.interface import NotSent, Verdict
from integrations.sms.shield import budget
from integrations.sms.shield.errors import BudgetSpent
from tests.integrations.sms.conftest import work

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
EACH = Decimal("0.05")


@pytest.fixture(autouse=True)
def money(outbox, settings):
    settings.SMS_DAILY_BUDGET = Decimal("0.12")  # two messages


@pytest.fixture
def yesterday():
    """Noon of it."""
    return midnight() - timedelta(hours=12)


@pytest.fixture
def lost_yesterday(ask_notice, yesterday):
    """A message that left yesterday, and of which nobody knows whether it arrived."""
    with time_machine.travel(yesterday, tick=True):
        memory.refusals.append(NotSent(Verdict.NO_ANSWER, "timeout"))
        message = work(ask_notice())
    assert (message.state, message.cost) == ("unknown", EACH)
    return message


class TestSentAgain:
    def test_costs_nothing_today_before_that(self, lost_yesterday):
        assert budget.spent_today() == 0

    def test_costs_today_as_soon_as_it_is_asked_for(self, lost_yesterday):
        services.send_again(lost_yesterday, by=None)
        assert budget.spent_today() == EACH

        assert work(lost_yesterday).state == "sent"
        assert budget.spent_today() == EACH

    def test_counts_with_its_provider_and_for_the_quota_on_both_days(self, lost_yesterday, yesterday):
        provider = Provider.objects.get()
        services.send_again(lost_yesterday, by=None)
        work(lost_yesterday)

        assert routing.sent_today(provider) == 1
        assert standing.today([provider])[provider.pk] == standing.Standing(tried=1, taken=1, sent=1, cost=EACH)
        with time_machine.travel(yesterday + timedelta(hours=1)):
            assert budget.spent_today() == 2 * EACH  # what came later is seen too, and both are its own

    def test_costs_twice_on_the_same_day(self, ask_notice):
        memory.refusals.append(NotSent(Verdict.NO_ANSWER, "timeout"))
        message = work(ask_notice())
        services.send_again(message, by=None)
        work(message)

        assert budget.spent_today() == 2 * EACH
        assert [one.cost for one in message.tries.all()] == [EACH, EACH]

    def test_is_refused_when_todays_money_is_not_enough(self, lost_yesterday, ask_notice):
        for _number in range(2):
            work(ask_notice())

        with pytest.raises(BudgetSpent):
            services.send_again(lost_yesterday, by=None)

        lost_yesterday.refresh_from_db()
        assert lost_yesterday.state == "unknown"


def test_what_waited_over_midnight_counts_when_it_is_sent(ask_notice, yesterday):
    with time_machine.travel(yesterday):
        message = ask_notice()
    assert budget.spent_today() == EACH

    work(message)

    assert budget.spent_today() == EACH
    assert Attempt.objects.since(midnight()).count() == 1


@pytest.mark.parametrize("verdict", [Verdict.MESSAGE, Verdict.ACCOUNT, Verdict.LATER])
def test_what_no_provider_took_costs_nothing(ask_notice, verdict):
    memory.refusals.append(NotSent(verdict, "no"))
    message = work(ask_notice())
    Message.objects.filter(state="pending").update(state="cancelled")

    assert message.tries.count() == 1
    assert budget.spent_today() == 0
    assert routing.sent_today(Provider.objects.get()) == 0


def test_what_was_sent_in_more_parts_than_expected_costs_as_much(ask_notice, aliyun, gateway, client):
    Provider.objects.exclude(pk=aliyun.pk).delete()
    Provider.objects.update(receipt_addresses=["127.0.0.1"])
    message = work(ask_notice())
    (taken,) = gateway.taken
    taken.segments = 2
    gateway.settle()
    receipt = [gateway._receipt(taken)]

    client.post("/api/v1/sms/receipts/aliyun", receipt, content_type="application/json")

    message.refresh_from_db()
    assert message.state == "delivered"
    assert (message.cost, budget.spent_today()) == (Decimal("0.09"), Decimal("0.09"))


def test_of_a_day_long_gone_is_forgotten_with_the_message(lost_yesterday, settings):
    settings.SMS_DAYS = 1
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        services.purge()

    assert not Attempt.objects.exists()
