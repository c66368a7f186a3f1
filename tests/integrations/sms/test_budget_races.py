"""The day's money is not overspent, however many spend it at the same moment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import services as accounts
from integrations.sms import codes, services
from integrations.sms.models import Message, Provider, Refusal, VerificationCode
from integrations.sms.shield import budget
from integrations.sms.shield.errors import BudgetSpent
from project.core import jobs
from tests.core.threads import in_threads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.every_database,
    pytest.mark.attack("T-S-3"),
]
EACH, AT_ONCE = Decimal("0.30"), 8


@pytest.fixture(autouse=True)
def money(settings):
    """Enough for three messages."""
    cache.clear()
    settings.SMS_DAILY_BUDGET = Decimal(1)
    Provider.objects.create(key="memory", name="Memory", kind="memory", cost_per_segment=EACH)


def person(number):
    return accounts.create_user(
        by=None, username=f"person{number}", password="correct horse battery", phone=f"13800138{number:03}"
    )


def wanted(number):
    """A code that somebody asked for, as a worker has it."""
    somebody = person(number)
    row = VerificationCode.objects.create(
        phone=f"+86{somebody.phone}", prefix=86, purpose="login", expires_at=timezone.now() + timedelta(minutes=5)
    )
    claimed = jobs.claim(VerificationCode, row.pk)
    assert claimed is not None
    return claimed


def test_by_workers_that_answer_at_once():
    rows = [wanted(number) for number in range(AT_ONCE)]

    in_threads(AT_ONCE, lambda number: codes.answer(rows[number]))

    assert Message.objects.count() == 3
    assert budget.spent_today() == 3 * EACH
    assert Refusal.objects.filter(limit="budget").count() == AT_ONCE - 3
    assert set(VerificationCode.objects.values_list("state", flat=True)) == {"done"}


def test_by_workers_and_staff_together():
    boss = accounts.create_user(by=None, username="theboss", password="correct horse battery", is_superuser=True)
    rows = [wanted(number) for number in range(AT_ONCE // 2)]

    def spend(number):
        if number < len(rows):
            codes.answer(rows[number])
            return 0
        try:
            services.send_by_hand(template="notice", parameters={"text": "x"}, by=boss, phone="13800138999")
        except BudgetSpent:
            return 1
        return 0

    refused = sum(in_threads(AT_ONCE, spend)) + Refusal.objects.filter(limit="budget").count()

    assert Message.objects.count() == 3
    assert refused == AT_ONCE - 3


def test_by_sending_again():
    boss = accounts.create_user(by=None, username="theboss", password="correct horse battery", is_superuser=True)
    given_up = []
    for _number in range(AT_ONCE):
        message = services.send_by_hand(template="notice", parameters={"text": "x"}, by=boss, phone="13800138999")
        message.move(Message.State.DEAD)
        given_up.append(message)

    def again(number):
        try:
            services.send_again(given_up[number], by=boss)
        except BudgetSpent:
            return 1
        return 0

    assert sum(in_threads(AT_ONCE, again)) == AT_ONCE - 3
    assert budget.spent_today() == 3 * EACH


def test_leaves_no_message_where_it_is_not_enough():
    row = wanted(1)
    Provider.objects.update(cost_per_segment=Decimal("1.01"))

    codes.answer(row)

    assert not Message.objects.exists()
    assert VerificationCode.objects.get().state == "done"
