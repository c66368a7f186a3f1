"""A rolling-window circuit breaker: a sick service is left alone for a while instead of being waited for.

The numbers are the seed's: 10 calls at once, and once 10 calls of the last 10 s are counted and half of them failed,
5 s without any; then one call probes, and its outcome closes or opens it again. A call that takes longer than
`timeout` (1 s) counts as failed. Each process has its own.

    jenkins = breaker.named("jenkins")

    jenkins.call(client.jobs, timeout=jenkins.timeout)             # raises Open or Busy (10004) instead of calling
    await jenkins.acall(client.jobs)                               # cut at `timeout`
    answer = jenkins.attempt(client.jobs, fallback=stored_jobs)    # Degraded(stored, reason) when it did not work
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext_lazy as _

from project.core.errors import GatehouseError, Unreachable

T = TypeVar("T")
F = TypeVar("F")
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


class Open(Unreachable):
    """The service failed too often just now; it is left alone until `retry_after` has passed."""

    message = _("{name} failed repeatedly and is left alone for a moment. Please try again shortly.")


class Busy(Unreachable):
    """As many calls as are allowed are under way."""

    message = _("{name} is answering as many calls as it may. Please try again shortly.")


@dataclass(frozen=True)
class Degraded(Generic[T]):
    """What a fallback gave instead of the real answer. Show it as what it is."""

    value: T
    reason: str


@dataclass(frozen=True)
class Snapshot:
    """A breaker's figures, for health and metrics."""

    name: str
    state: str
    running: int
    succeeded: int
    failed: int
    opened: int


class Breaker:
    """Counts one service's outcomes in this process. Safe for threads and for coroutines."""

    def __init__(
        self,
        name: str,
        *,
        timeout: float = 1.0,
        concurrent: int = 10,
        volume: int = 10,
        sleep: float = 5.0,
        error_percent: float = 50,
        window: float = 10.0,
        counts: Callable[[Exception], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`counts` tells whether an exception is the service's fault; by default a refusal (status below 500) is not."""
        self.name, self.timeout, self.concurrent, self.volume = name, timeout, concurrent, volume
        self.sleep, self.error_percent, self.window = sleep, error_percent, window
        self._counts, self._clock = counts or _is_fault, clock
        self._lock = threading.Lock()
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failed = self._running = self._opened = 0
        self._opened_at: float | None = None
        self._probing_since: float | None = None

    @property
    def state(self) -> str:
        with self._lock:
            return self._state(self._clock())

    def snapshot(self) -> Snapshot:
        with self._lock:
            now = self._clock()
            self._forget_old(now)
            succeeded = len(self._outcomes) - self._failed
            return Snapshot(self.name, self._state(now), self._running, succeeded, self._failed, self._opened)

    def reset(self) -> None:
        """Close it and forget what was counted."""
        with self._lock:
            self._close()

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call `function` if the service may be called.

        :raises Open: while the service is left alone.
        :raises Busy: when too many calls are under way.
        """
        with self.watching():
            return function(*args, **kwargs)

    def attempt(
        self, function: Callable[..., T], *args: Any, fallback: Callable[[], F], **kwargs: Any
    ) -> T | Degraded[F]:
        """Call `function`; where the service fails, answer what `fallback` has, marked as degraded."""
        try:
            return self.call(function, *args, **kwargs)
        except Exception as problem:
            if not self._counts(problem):
                raise
            return Degraded(fallback(), _reason(problem))

    async def acall(self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """The same for coroutines; the call is cut at the breaker's `timeout` with a TimeoutError."""
        with self.watching():
            async with asyncio.timeout(self.timeout):
                return await function(*args, **kwargs)

    async def aattempt(
        self, function: Callable[..., Awaitable[T]], *args: Any, fallback: Callable[[], F], **kwargs: Any
    ) -> T | Degraded[F]:
        """The same for coroutines."""
        try:
            return await self.acall(function, *args, **kwargs)
        except Exception as problem:
            if not self._counts(problem):
                raise
            return Degraded(fallback(), _reason(problem))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count the block as one call."""
        probing = self._enter()
        began = self._clock()
        try:
            yield
        except Exception as problem:
            self._leave(not self._counts(problem), probing)
            raise
        except BaseException:
            self._leave(None, probing)
            raise
        self._leave(self._clock() - began <= self.timeout, probing)

    def _enter(self) -> bool:
        with self._lock:
            now = self._clock()
            state = self._state(now)
            if state == OPEN:
                raise Open(name=self.name)
            if self._running >= self.concurrent:
                raise Busy(name=self.name)
            self._running += 1
            if state == HALF_OPEN:
                self._probing_since = now
            return state == HALF_OPEN

    def _leave(self, succeeded: bool | None, probing: bool) -> None:
        with self._lock:
            self._running -= 1
            now = self._clock()
            if probing:
                self._probing_since = None
                if succeeded:
                    self._close()
                elif succeeded is False:
                    self._open(now)
            elif succeeded is not None and self._opened_at is None:
                self._count(succeeded, now)

    def _count(self, succeeded: bool, now: float) -> None:
        self._outcomes.append((now, succeeded))
        self._failed += not succeeded
        self._forget_old(now)
        counted = len(self._outcomes)
        if counted >= self.volume and self._failed * 100 >= self.error_percent * counted:
            self._open(now)

    def _forget_old(self, now: float) -> None:
        while self._outcomes and self._outcomes[0][0] < now - self.window:
            self._failed -= not self._outcomes.popleft()[1]

    def _state(self, now: float) -> str:
        if self._opened_at is None:
            return CLOSED
        # a probe that never came back must not keep the door shut for ever
        quiet_since = self._opened_at if self._probing_since is None else self._probing_since
        return OPEN if now - quiet_since < self.sleep else HALF_OPEN

    def _open(self, now: float) -> None:
        self._opened_at, self._probing_since = now, None
        self._opened += 1

    def _close(self) -> None:
        self._outcomes.clear()
        self._failed, self._opened_at, self._probing_since = 0, None, None


_breakers: dict[str, Breaker] = {}
_breakers_lock = threading.Lock()


def named(name: str, **numbers: Any) -> Breaker:
    """Return this process's breaker of that name; the first call makes it, with its numbers."""
    with _breakers_lock:
        if name not in _breakers:
            _breakers[name] = Breaker(name, **numbers)
        return _breakers[name]


def find(name: str) -> Breaker | None:
    """Return the breaker of that name if somebody made it."""
    return _breakers.get(name)


def snapshots() -> list[Snapshot]:
    """Return the figures of every named breaker, by name."""
    return [_breakers[name].snapshot() for name in sorted(_breakers)]


def _is_fault(problem: Exception) -> bool:
    return not isinstance(problem, GatehouseError) or problem.status >= 500


def _reason(problem: Exception) -> str:
    return str(problem) if isinstance(problem, GatehouseError) else type(problem).__name__
