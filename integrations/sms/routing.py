"""Which providers may carry a message, in which order, and which are left alone just now."""

from django.conf import settings
from django.utils import timezone

from integrations.sms.models import Message, Provider
from integrations.sms.providers.interface import CONNECT_SECONDS, READ_SECONDS, NotSent, Verdict
from project.core import breaker

AT_ONCE = 64
"""So many calls of a process to one provider at the same time."""
SICK = frozenset({Verdict.LATER, Verdict.NOT_REACHED, Verdict.NO_ANSWER})


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
    midnight = timezone.localtime(timezone=timezone.get_default_timezone()).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return Message.objects.filter(provider=provider, sent_at__gte=midnight).count()


def breaker_of(provider: Provider) -> breaker.Breaker:
    """The provider's breaker in this process."""
    patience = CONNECT_SECONDS + READ_SECONDS + 1
    return breaker.named(f"sms-{provider.key}", timeout=patience, concurrent=AT_ONCE, counts=_is_sick)


def _is_sick(problem: Exception) -> bool:
    return not isinstance(problem, NotSent) or problem.verdict in SICK


def _terminal() -> Provider:
    values = {"name": "Terminal", "kind": Provider.Kind.CONSOLE}
    return Provider.objects.get_or_create(key="console", defaults=values)[0]
