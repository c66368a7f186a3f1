"""The way through the shield: one after the other, so that of many who ask at once only as many pass as may."""

from collections.abc import Iterator
from contextlib import contextmanager

from integrations.sms.shield import budget, door, limits, numbers, refusals
from integrations.sms.shield.asked import Asked
from integrations.sms.shield.errors import BudgetSpent, NumberNotServed, TooManyCodes


def ensure_worth_asking(asked: Asked) -> None:
    """Refuse what needs no counting: before anybody works on a captcha. Call it outside of transactions.

    :raises NumberNotServed, TooManyCodes, BudgetSpent: leaves a row.
    """
    try:
        numbers.ensure_served(asked.phone)
        limits.ensure_not_known_closed(asked.as_row())
        budget.ensure_left()
    except (NumberNotServed, TooManyCodes, BudgetSpent) as why:
        refusals.note(asked, why)
        raise


@contextmanager
def passing(asked: Asked) -> Iterator[None]:
    """Hold the door, within a transaction, while the row is written that the limits will count.

    :raises TooManyCodes: when a limit is reached; leaves a row, for which it must be called outside of transactions.
    """
    try:
        with door.held():
            limits.ensure_open(asked.as_row())
            yield
    except TooManyCodes as why:
        refusals.note(asked, why)
        raise
