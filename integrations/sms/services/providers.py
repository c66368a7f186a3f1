"""How the providers are: for people who look after them."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from integrations.sms import breakers, routing
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


def health(providers: Any = None) -> list[Health]:
    """Return how each provider is, in the order in which they are asked."""
    rows = Provider.objects.all() if providers is None else providers
    return [_health(one) for one in rows]


def _health(provider: Provider) -> Health:
    lately = Attempt.objects.filter(provider=provider, started_at__gte=timezone.now() - LATELY)
    failed = lately.filter(outcome__in=FAILED).count()
    return Health(provider, breakers.state_of(provider), routing.sent_today(provider), failed)
