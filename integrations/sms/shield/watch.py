"""Are the codes that are sent also used? Where hardly any are, somebody has them sent for another reason."""

from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from integrations.sms.models import ShieldAlarm, VerificationCode
from integrations.sms.shield import alarms

WINDOW = timedelta(hours=24)


class Conversion(NamedTuple):
    """Of the codes that were sent to a country within a day and can be used no more: how many were used."""

    prefix: int
    sent: int
    used: int

    @property
    def percent(self) -> int:
        return 100 * self.used // self.sent if self.sent else 100


def conversions() -> list[Conversion]:
    """Return it for each country, the busiest first."""
    now = timezone.now()
    over = (
        VerificationCode.objects.sent()
        .filter(created_at__gt=now - WINDOW)
        .filter(Q(expires_at__lte=now) | Q(used_at__isnull=False))
    )
    counted = over.order_by().values("prefix").annotate(sent=Count("pk"), used=Count("used_at"))
    return [Conversion(**one) for one in counted.order_by("-sent", "prefix")]


def look() -> int:
    """Tell staff of countries where fewer than SMS_CONVERSION_PERCENT are used; return how many there are."""
    low = [
        one
        for one in conversions()
        if one.sent >= settings.SMS_CONVERSION_LEAST and one.percent < settings.SMS_CONVERSION_PERCENT
    ]
    for one in low:
        alarms.cry(ShieldAlarm.Kind.CONVERSION, f"+{one.prefix}: {one.used} / {one.sent}", about=f"+{one.prefix}")
    return len(low)
