"""The rows of what was refused."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from integrations.sms.models import Refusal
from integrations.sms.shield.asked import Asked
from integrations.sms.shield.errors import BudgetSpent, NumberNotServed, TooManyCodes

log = structlog.get_logger(__name__)
Refused = NumberNotServed | TooManyCodes | BudgetSpent


def note(asked: Asked, why: Refused) -> None:
    """Write down that `asked` was refused."""
    row = asked.as_row()
    Refusal.objects.create(
        limit=why.limit,
        rate=why.rate,
        opens_at=why.opens_at,
        person=asked.person,
        **{name: row[name] for name in ("phone", "prefix", "purpose", "ip", "network")},
    )
    log.warning("sms.refused", limit=str(why.limit), rate=why.rate, purpose=str(asked.purpose), ip=asked.ip)


def purge() -> int:
    """Forget what was refused long ago; return how many."""
    before = timezone.now() - timedelta(days=settings.SMS_REFUSAL_DAYS)
    return Refusal.objects.filter(created_at__lt=before).delete()[0]
