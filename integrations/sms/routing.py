"""Which providers may carry a message, and in which order."""

from django.conf import settings

from integrations.sms.days import midnight
from integrations.sms.models import Message, Provider


def providers() -> list[Provider]:
    """All that are in use, the first to be asked first; a fresh installation for development has its terminal."""
    found = [one for one in Provider.objects.enabled() if not is_plaything(one)]
    if not found and settings.ENVIRONMENT != "prod" and not Provider.objects.exists():
        found = [_terminal()]
    return found


def may_carry() -> bool:
    """Tell whether there is anybody in use; a fresh installation for development will have its terminal."""
    if any(not is_plaything(one) for one in Provider.objects.enabled()):
        return True
    return settings.ENVIRONMENT != "prod" and not Provider.objects.exists()


def route(prefix: int) -> list[Provider]:
    """Those that carry messages to this country and have some left of today's quota."""
    return [one for one in providers() if one.carries(prefix) and not is_used_up(one)]


def is_plaything(provider: Provider) -> bool:
    """Tell whether it is one that reaches no telephone, where telephones must be reached."""
    return settings.ENVIRONMENT == "prod" and provider.kind in Provider.PLAYTHINGS


def playthings_in_use() -> list[str]:
    """Return the keys of enabled providers that reach no telephone, where telephones must be reached."""
    return [one.key for one in Provider.objects.enabled() if is_plaything(one)]


def is_used_up(provider: Provider) -> bool:
    """Tell whether today's quota is sent. Overshot by at most as many as are being sent at the same time."""
    return provider.daily_quota is not None and sent_today(provider) >= provider.daily_quota


def sent_today(provider: Provider) -> int:
    """How many messages it carried today, by the house's clock."""
    return Message.objects.filter(provider=provider, sent_at__gte=midnight()).count()


def _terminal() -> Provider:
    values = {"name": "Terminal", "kind": Provider.Kind.CONSOLE}
    return Provider.objects.get_or_create(key="console", defaults=values)[0]
