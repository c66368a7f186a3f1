"""How the providers are: for people who look after them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils import timezone

from integrations.sms import breakers, routing
from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Provider

LATELY = timedelta(minutes=10)
FAILED = (Attempt.Outcome.TRY_AGAIN, Attempt.Outcome.UNKNOWN)


class Health(NamedTuple):
    """A provider as it is now, for all processes alike."""

    provider: Provider
    breaker: str
    sent_today: int
    failed_lately: int

    @property
    def is_used(self) -> bool:
        return self.provider.enabled and not routing.is_plaything(self.provider)


def health(providers: Iterable[Provider] | None = None) -> list[Health]:
    """Return how each provider is, in the order in which they are asked."""
    rows = list(Provider.objects.all() if providers is None else providers)
    since, lately = midnight(), timezone.now() - LATELY
    tries = Attempt.objects.filter(provider__in=rows, started_at__gte=min(since, lately)).order_by()
    counted = tries.values("provider").annotate(
        sent=Count("pk", filter=Q(outcome__in=Attempt.SENT, started_at__gte=since)),
        failed=Count("pk", filter=Q(outcome__in=FAILED, started_at__gte=lately)),
    )
    found = {one["provider"]: (one["sent"], one["failed"]) for one in counted}
    return [Health(one, breakers.state_of(one), *found.get(one.pk, (0, 0))) for one in rows]
