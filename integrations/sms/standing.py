"""How providers do today, counted from the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Message, Provider


@dataclass(frozen=True)
class Standing:
    """A provider's day so far."""

    tried: int = 0
    taken: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    cost: Decimal = Decimal(0)

    @property
    def success(self) -> int | None:
        """Of the tries that ended, how many it took, in percent; None: nothing was tried."""
        return round(100 * self.taken / self.tried) if self.tried else None


def today(providers: Iterable[Provider]) -> dict[int, Standing]:
    """Return the day of each of `providers`."""
    keys, since = [one.pk for one in providers], midnight()
    tries = Attempt.objects.filter(provider__in=keys, started_at__gte=since, ended_at__isnull=False).order_by()
    taken = Q(outcome=Attempt.Outcome.ACCEPTED)
    tried = _by_provider(tries.values("provider").annotate(tried=Count("pk"), taken=Count("pk", filter=taken)))
    carried = Message.objects.filter(provider__in=keys, sent_at__gte=since).order_by()
    sums = _by_provider(
        carried.values("provider").annotate(
            sent=Count("pk"),
            delivered=Count("pk", filter=Q(state=Message.State.DELIVERED)),
            failed=Count("pk", filter=Q(state=Message.State.FAILED)),
            cost=Sum("cost"),
        )
    )
    return {key: Standing(**tried.get(key, {}), **sums.get(key, {})) for key in keys}


def in_trouble() -> list[Provider]:
    """Those in use that refuse us, or are left alone."""
    return [one for one in Provider.objects.enabled() if one.trouble_code or one.left_alone_since]


def _by_provider(rows: Any) -> Mapping[int, dict[str, Any]]:
    return {row.pop("provider"): row for row in map(dict, rows)}
