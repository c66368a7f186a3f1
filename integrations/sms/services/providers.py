"""How the providers are: for people who look after them."""

from typing import Any, NamedTuple

from integrations.sms import routing
from integrations.sms.models import Provider


class Health(NamedTuple):
    """A provider as it is now; its breaker is that of this process."""

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
    snapshot = routing.breaker_of(provider).snapshot()
    return Health(provider, snapshot.state, routing.sent_today(provider), snapshot.failed)
