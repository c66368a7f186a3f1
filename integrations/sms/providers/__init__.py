"""Who carries text messages: one small interface, a module for each kind. Only these modules touch a vendor's SDK."""

from integrations.sms.models import Provider
from integrations.sms.providers.console import Console
from integrations.sms.providers.interface import Accepted, Client, Delivery, Fate, NotSent, Outgoing, Verdict
from integrations.sms.providers.memory import Memory

__all__ = ["Accepted", "Client", "Delivery", "Fate", "NotSent", "Outgoing", "Verdict", "client_of"]


def client_of(provider: Provider) -> Client:
    """Return what talks to this provider."""
    match provider.kind:
        case Provider.Kind.CONSOLE:
            return Console()
        case Provider.Kind.MEMORY:
            return Memory()
    raise NotSent(Verdict.ACCOUNT, "unknown_kind", f"No client of the kind {provider.kind}.")
