"""Who carries text messages: one small interface, a module for each kind. Only these modules touch a vendor's SDK."""

from django.utils.module_loading import import_string

from integrations.sms import sealing
from integrations.sms.models import Provider
from integrations.sms.providers.console import Console
from integrations.sms.providers.interface import Accepted, Client, Delivery, Fate, NotSent, Outgoing, Verdict
from integrations.sms.providers.memory import Memory

__all__ = ["Accepted", "Client", "Delivery", "Fate", "NotSent", "Outgoing", "Verdict", "client_of"]


VENDORS: dict[str, str] = {
    Provider.Kind.ALIYUN: "integrations.sms.providers.aliyun.Aliyun",
    Provider.Kind.TENCENT: "integrations.sms.providers.tencent.Tencent",
}


def client_of(provider: Provider) -> Client:
    """Return what talks to this provider.

    :raises NotSent: when its kind is not known, its package is not installed, or its credentials were sealed under another SECRET_KEY.
    """
    match provider.kind:
        case Provider.Kind.CONSOLE:
            return Console()
        case Provider.Kind.MEMORY:
            return Memory()
    if provider.kind not in VENDORS:
        raise NotSent(Verdict.ACCOUNT, "unknown_kind", f"There is no kind “{provider.kind}” here.")
    try:
        # a vendor's SDK costs 50 MB of memory: only processes that send by it read it in
        made: Client = import_string(VENDORS[provider.kind])(provider)
    except ImportError:
        text = f"The package that speaks to {provider.get_kind_display()} is not installed."
        raise NotSent(Verdict.ACCOUNT, "not_installed", text) from None
    except sealing.Unreadable:
        text = "Its credentials were sealed under another SECRET_KEY."
        raise NotSent(Verdict.ACCOUNT, "secret_key", text) from None
    return made
