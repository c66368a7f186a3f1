"""So much money a day for text messages, of whatever purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Message, ShieldAlarm
from integrations.sms.shield import alarms, door
from integrations.sms.shield.errors import BudgetSpent

NEAR = Decimal("0.8")
"""Of the budget: staff are told."""


def spent_today() -> Decimal:
    """Return what was handed to providers today costs, each sending of a message for itself, and what all that waits will.

    A day begins at midnight in TIME_ZONE. When a message was asked for does not matter.
    """
    sums = (
        rows.aggregate(sum=Sum("cost"))["sum"]
        for rows in (Attempt.objects.sent().since(midnight()), Message.objects.waiting())
    )
    return sum((one for one in sums if one is not None), Decimal(0))


def ensure_left() -> None:
    """Refuse when the money of the day is spent, and tell staff, before anybody works for a message. Nothing is held: see
    `paying`.

    :raises BudgetSpent: until midnight.
    """
    if not look():
        raise _spent()


@contextmanager
def paying() -> Iterator[None]:
    """Write messages in the block: they are rolled back when today's money is not enough for them, however many pay at once.

    :raises BudgetSpent: until midnight.
    """
    if not settings.SMS_DAILY_BUDGET:
        yield
        return
    with door.held():
        yield
        if spent_today() > settings.SMS_DAILY_BUDGET:
            raise _spent()


def tell_spent() -> None:
    """Tell staff, once a day, that messages were refused: also when a little is left, which was too little."""
    alarms.cry(ShieldAlarm.Kind.BUDGET_SPENT, _figures(spent_today()))


def look() -> bool:
    """Tell whether money of the day is left, and staff, once, when it is spent, or nearly."""
    budget = settings.SMS_DAILY_BUDGET
    spent = spent_today() if budget else Decimal(0)
    if spent < budget * NEAR or not budget:
        return True
    kind = ShieldAlarm.Kind.BUDGET_SPENT if spent >= budget else ShieldAlarm.Kind.BUDGET_NEAR
    alarms.cry(kind, _figures(spent))
    return kind == ShieldAlarm.Kind.BUDGET_NEAR


def _spent() -> BudgetSpent:
    opens_at = midnight() + timedelta(days=1)
    seconds = round((opens_at - timezone.now()).total_seconds())
    return BudgetSpent(opens_at=opens_at, retry_after=max(1, seconds))


def _figures(spent: Decimal) -> str:
    return f"{spent:.2f} / {settings.SMS_DAILY_BUDGET:.2f} {settings.SMS_CURRENCY}"
