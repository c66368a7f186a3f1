"""Why a code is not sent. None of it depends on whose number it is.

GatehouseError
├── TooManyCodes      10007  429   one of the limits is reached; `Retry-After`
├── BudgetSpent       50101  429   the money of the day is spent; `Retry-After`
└── NumberNotServed   50100  400   a country or kind of number that gets no codes
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from project.core.errors import InvalidParameters, TooManyRequests


class TooManyCodes(TooManyRequests):
    message = _("Too many codes were asked for. Try again in {retry_after} seconds.")

    def __init__(self, *, limit: str, rate: str, opens_at: datetime, retry_after: int) -> None:
        self.limit, self.rate, self.opens_at = limit, rate, opens_at
        super().__init__(retry_after=retry_after)


class BudgetSpent(TooManyRequests):
    code = "50101"
    message = _("No more text messages are sent today: the budget is spent. Choose another way, or try again tomorrow.")
    limit, rate = "budget", ""

    def __init__(self, *, opens_at: datetime, retry_after: int) -> None:
        self.opens_at = opens_at
        super().__init__(retry_after=retry_after)


class NumberNotServed(InvalidParameters):
    code = "50100"
    message = _("No codes are sent to numbers of this country or kind.")
    rate = ""
    opens_at: Any = None

    def __init__(self, *, limit: str) -> None:
        self.limit = limit
        super().__init__(fields={"phone": [_("No codes are sent to numbers of this country or kind.")]})
