"""Which providers may carry a message, and in which order."""

from django.conf import settings

from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Provider


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


def is_used_up(provider: Provider, *, sent: int | None = None) -> bool:
    """Tell whether today's quota is sent. Overshot by at most as many as are being sent at the same time.

    :param sent: how many it was handed today, where that was counted already.
    """
    if provider.daily_quota is None:
        return False
    return (sent_today(provider) if sent is None else sent) >= provider.daily_quota


def sent_today(provider: Provider) -> int:
    """How many messages it was handed today, by the house's clock."""
    return Attempt.objects.filter(provider=provider).sent().since(midnight()).count()


def _terminal() -> Provider:
    values = {"name": "Terminal", "kind": Provider.Kind.CONSOLE}
    return Provider.objects.get_or_create(key="console", defaults=values)[0]
