"""Asking Redis, but only for a moment, and not at all while it is known to be ill."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from project.core import breaker, redis_trouble
from realtime.errors import GatewayUnreachable
from realtime.link import FAILURES

T = TypeVar("T")
NUMBERS: dict[str, Any] = {"timeout": 2.0, "concurrent": 10_000, "volume": 3, "sleep": 2.0}
"""Of the breaker: a Redis that hangs costs three calls two seconds each, then one call in two seconds."""


async def guarded(ask: Callable[..., Awaitable[T]], *about: Any) -> T:
    """Ask something of Redis.

    :raises GatewayUnreachable: when it does not answer; says why.
    """
    try:
        return await breaker.named("redis-gateway", **NUMBERS).acall(ask, *about)
    except (*FAILURES, breaker.Open) as problem:
        why = _("Redis does not answer ({problem}).").format(problem=redis_trouble.words(problem))
        raise GatewayUnreachable(why=why) from problem
