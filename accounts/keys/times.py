"""When a key may sign, when it should stop, and until when its signatures count."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.keys.key import Key, State

LEEWAY_SECONDS = 30
"""The most a token may be late: clocks of nodes differ. A short-lived one gets a sixtieth of its life."""
RELOAD_SECONDS = 30
"""How old what a process knows of the keys may be."""
PUBLISH = timedelta(minutes=10)
"""How long a key waits in the JWKS before it signs: whoever verifies our tokens keeps that for five minutes."""


def leeway_seconds() -> int:
    """How late a token may come."""
    return min(LEEWAY_SECONDS, settings.ACCESS_TOKEN_EXPIRES // 60)


def signs_since(key: Key) -> datetime:
    """Since when the current key signs."""
    return key.promoted_at or key.created_at or timezone.now()


def rotate_at(key: Key) -> datetime:
    """When the current key has signed for long enough."""
    return signs_since(key) + timedelta(days=settings.JWT_KEY_ROTATE_DAYS)


def is_old(key: Key) -> bool:
    """Has the current key signed for longer than it should?"""
    return key.state is State.CURRENT and rotate_at(key) <= timezone.now()


def ready_at(key: Key) -> datetime:
    """When everybody knows a waiting key, so that it may sign."""
    return (key.created_at or timezone.now()) + PUBLISH


def dies_at(key: Key) -> datetime | None:
    """When the last token of a retired key has run out; None for the others."""
    if key.state is not State.RETIRED or key.retired_at is None:
        return None
    return key.retired_at + timedelta(seconds=settings.ACCESS_TOKEN_EXPIRES + leeway_seconds())


def signs_again(retired_at: datetime | None) -> bool:
    """May a retired key still be needed to repeat an answer? Nodes that have not heard sign with it for a while."""
    span = timedelta(seconds=RELOAD_SECONDS + settings.REFRESH_GRACE_SECONDS)
    return retired_at is not None and timezone.now() <= retired_at + span


def counts(key: Key) -> bool:
    """Do signatures of the key count?"""
    end = dies_at(key)
    return end is None or timezone.now() <= end
