"""How the shield stands: what it refused within a day, what is spent, how many codes are used, and what the limits are."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sms.models import Refusal
from integrations.sms.shield import budget, watch
from integrations.sms.shield.limits import UNITS

VARIABLES = {
    Refusal.Limit.PHONE: "SMS_LIMIT_PHONE",
    Refusal.Limit.ADDRESS: "SMS_LIMIT_ADDRESS",
    Refusal.Limit.NETWORK: "SMS_LIMIT_NETWORK",
    Refusal.Limit.DEVICE: "SMS_LIMIT_DEVICE",
    Refusal.Limit.COUNTRY: "SMS_LIMIT_COUNTRY",
    Refusal.Limit.PURPOSE: "SMS_LIMIT_PURPOSE",
    Refusal.Limit.NOT_SERVED: "SMS_COUNTRIES",
    Refusal.Limit.BLOCKED: "SMS_BLOCKED_PREFIXES",
    Refusal.Limit.BUDGET: "SMS_DAILY_BUDGET",
}


class Line(NamedTuple):
    """One limit: what it is, what is set, which variable sets it, and how much it refused within a day."""

    limit: str
    label: Any
    value: str
    variable: str
    refused: int


class Standing(NamedTuple):
    """All of it, as the page shows it."""

    lines: list[Line]
    refused: int
    spent: Decimal
    budget: Decimal
    currency: str
    conversions: list[watch.Conversion]
    least: int
    """Percent of codes used below which staff are told."""


def look() -> Standing:
    """Return how the shield stands now."""
    of_late = Refusal.objects.filter(created_at__gt=timezone.now() - timedelta(days=1))
    counted = dict(of_late.order_by().values_list("limit").annotate(number=Count("pk")))
    lines = [
        Line(limit.value, limit.label, _value(limit), variable, counted.get(limit.value, 0))
        for limit, variable in VARIABLES.items()
    ]
    return Standing(
        lines,
        sum(counted.values()),
        budget.spent_today(),
        settings.SMS_DAILY_BUDGET,
        settings.SMS_CURRENCY,
        watch.conversions()[:3],
        settings.SMS_CONVERSION_PERCENT,
    )


def _value(limit: Refusal.Limit) -> str:
    match limit:
        case Refusal.Limit.NOT_SERVED:
            return ", ".join(f"+{one}" for one in settings.SMS_COUNTRIES) or _("all countries")
        case Refusal.Limit.BLOCKED:
            return ", ".join(settings.SMS_BLOCKED_PREFIXES) or _("premium numbers and the like")
        case Refusal.Limit.BUDGET:
            return (
                f"{settings.SMS_DAILY_BUDGET} {settings.SMS_CURRENCY}" if settings.SMS_DAILY_BUDGET else _("no limit")
            )
    rates = settings.SMS_LIMITS.get(limit.value, [])
    return " · ".join(_rate(number, UNITS[seconds]) for number, seconds in rates) or _("no limit")


def _rate(number: int, unit: str) -> str:
    texts = {
        "min": ngettext("%(n)d a minute", "%(n)d a minute", number),
        "h": ngettext("%(n)d an hour", "%(n)d an hour", number),
        "day": ngettext("%(n)d a day", "%(n)d a day", number),
    }
    return texts[unit] % {"n": number}
