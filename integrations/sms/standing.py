"""How providers do today, counted from the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Provider


@dataclass(frozen=True)
class Standing:
    """A provider's day so far."""

    tried: int = 0
    taken: int = 0
    sent: int = 0
    cost: Decimal = Decimal(0)

    @property
    def success(self) -> int | None:
        """Of the tries that ended, how many it took, in percent; None: nothing was tried."""
        return round(100 * self.taken / self.tried) if self.tried else None


def today(providers: Iterable[Provider]) -> dict[int, Standing]:
    """Return the day of each of `providers`."""
    keys = [one.pk for one in providers]
    ended = Attempt.objects.filter(provider__in=keys, ended_at__isnull=False).since(midnight())
    sent = Q(outcome__in=Attempt.SENT)
    counted = (
        ended.order_by()
        .values("provider")
        .annotate(
            tried=Count("pk"),
            taken=Count("pk", filter=Q(outcome=Attempt.Outcome.ACCEPTED)),
            sent=Count("pk", filter=sent),
            cost=Coalesce(Sum("cost", filter=sent), Decimal(0)),
        )
    )
    found = {row["provider"]: Standing(row["tried"], row["taken"], row["sent"], row["cost"]) for row in counted}
    return {key: found.get(key, Standing()) for key in keys}


def in_trouble() -> list[Provider]:
    """Those in use that refuse us, or are left alone."""
    return [one for one in Provider.objects.enabled() if one.trouble_code or one.left_alone_since]
