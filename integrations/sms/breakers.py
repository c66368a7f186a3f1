"""Which providers are left alone just now: all processes know, for it stands in the provider's row.

Each process counts what its own calls came to, in the provider's breaker. The first whose breaker opens writes down until
when the provider is left alone. After that one process, whichever is first to move the row, asks it once; when it takes that
message all ask it again.
"""

from datetime import timedelta

from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.sms.models import Provider
from integrations.sms.providers import transport
from integrations.sms.providers.interface import NotSent, Verdict, patience
from project.core import breaker

LEFT_ALONE = timedelta(seconds=5)
SICK = frozenset({Verdict.LATER, Verdict.NOT_REACHED, Verdict.NO_ANSWER})


def breaker_of(provider: Provider) -> breaker.Breaker:
    """What counts this process's calls to it."""
    return breaker.named(f"sms-{provider.key}", timeout=patience() + 1, concurrent=transport.AT_ONCE, counts=_is_sick)


def is_left_alone(provider: Provider) -> bool:
    """Tell whether it is not asked as everybody is: until somebody has found that it takes messages again."""
    return provider.left_alone_until is not None or breaker_of(provider).state != breaker.CLOSED


def state_of(provider: Provider) -> str:
    """Return the state of the breaker that all processes share: "closed", "open", or "half-open"."""
    if provider.left_alone_until is None:
        return breaker.CLOSED
    return breaker.OPEN if provider.left_alone_until > timezone.now() else breaker.HALF_OPEN


def is_worth_a_look(provider: Provider) -> bool:
    """Tell whether it may be asked, were it to see whether it takes messages again."""
    until = provider.left_alone_until
    return breaker_of(provider).state != breaker.OPEN and (until is None or until <= timezone.now())


def may_be_asked(provider: Provider) -> bool:
    """Tell whether it may be asked now. Where it was left alone that is said to one process only, for a while."""
    until, now = provider.left_alone_until, timezone.now()
    if not is_worth_a_look(provider):
        return False
    if until is None:
        return True
    if not Provider.objects.filter(pk=provider.pk, left_alone_until=until).update(left_alone_until=now + LEFT_ALONE):
        return False
    provider.left_alone_until = now + LEFT_ALONE
    return True


def it_took(provider: Provider) -> None:
    """It took a message: whatever was wrong is over."""
    if provider.trouble_code:
        Provider.objects.filter(pk=provider.pk).update(trouble_code="", trouble="", trouble_at=None)
    if provider.left_alone_until is not None:
        Provider.objects.filter(pk=provider.pk).update(left_alone_until=None, left_alone_since=None)
        provider.left_alone_until = provider.left_alone_since = None


def it_failed(provider: Provider) -> None:
    """It did not: when it was one time too many, all processes leave it alone."""
    if breaker_of(provider).state == breaker.OPEN:
        now = timezone.now()
        Provider.objects.filter(pk=provider.pk).update(
            left_alone_until=now + LEFT_ALONE, left_alone_since=Coalesce("left_alone_since", now)
        )


def _is_sick(problem: Exception) -> bool:
    return not isinstance(problem, NotSent) or problem.verdict in SICK
