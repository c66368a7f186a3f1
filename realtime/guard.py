"""Asking Redis, but only for a moment, and not at all while it is known to be ill."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from project.core import breaker, redis_trouble
from realtime.errors import GatewayUnreachable
from realtime.link import FAILURES

T = TypeVar("T")
NAME = "redis-gateway"
NUMBERS: dict[str, Any] = {"timeout": 2.0, "concurrent": 10_000, "volume": 3, "sleep": 2.0}
"""Of the breaker: a Redis that hangs costs three calls two seconds each, then one call in two seconds."""

FAILED_BEFORE = _("Redis failed several times and is left alone for a moment.")


def asked(ask: Callable[..., T], *about: Any) -> T:
    """Ask something of Redis, in a thread; what asks has a deadline of its own.

    :raises GatewayUnreachable: when it does not answer; says why.
    """
    try:
        return breaker.named(NAME, **NUMBERS).call(ask, *about)
    except (*FAILURES, breaker.Open) as problem:
        raise _unreachable(problem) from problem


async def guarded(ask: Callable[..., Awaitable[T]], *about: Any) -> T:
    """Ask something of Redis.

    :raises GatewayUnreachable: when it does not answer; says why.
    """
    try:
        return await breaker.named(NAME, **NUMBERS).acall(ask, *about)
    except (*FAILURES, breaker.Open) as problem:
        raise _unreachable(problem) from problem


def _unreachable(problem: Exception) -> GatewayUnreachable:
    why = FAILED_BEFORE if isinstance(problem, breaker.Open) else redis_trouble.words(problem)
    return GatewayUnreachable(why=why)  # put into words by whoever tells it, in that reader's language
