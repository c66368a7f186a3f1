"""A connection's bounded outgoing buffer: frames go out in order, and nobody waits for a slow reader.

Two kinds. `WireOutbox` writes whole WebSocket frames to the transport of a server that lets us (realtime/server.py).
`StepOutbox` works on any ASGI server: it advances the server's `send()` by hand and keeps what does not go out at once.
Both are used from the event loop only; one that `packs` writes MessagePack.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from enum import IntEnum
from typing import Any, Protocol

from realtime.core.frames import Message
from realtime.core.run import Run

EAGER_BYTES = 65_536
"""Waiting frames of this size are written without waiting any longer."""


class Put(IntEnum):
    """What became of a message."""

    DROPPED = 0
    SENT = 1
    QUEUED = 2
    FULL = 3
    """The reader is too slow: more than the limit is unsent."""


DROPPED, SENT, QUEUED, FULL = Put
"""Names of their own: `Put.SENT` takes CPython 3.11 ten times as long, which is a good part of a delivery."""


class Wire(Protocol):
    """What a server must have for raw writes: `offer` writes unless more than `limit` is unsent already.

    `taken` is a number that changes whenever the client takes some of what is unsent.
    """

    def offer(self, frame: bytes, limit: int) -> bool: ...
    def unsent(self) -> int: ...
    def taken(self) -> int: ...
    def close(self, code: int, reason: str) -> None: ...


class Outbox(Protocol):
    """What a connection writes to."""

    def put(self, message: Message) -> Put: ...
    def put_now(self, message: Message) -> Put: ...
    def hold(self, message: Message) -> None: ...
    def wait(self, run: Run) -> bool: ...
    def flush(self) -> Put: ...
    def unsent(self) -> int: ...
    def taken(self) -> int: ...
    def close(self, code: int, reason: str) -> None: ...
    def discard(self) -> None: ...


class Waiting:
    """What both kinds have in common: runs that wait for the next flush."""

    __slots__ = ("closed", "pending")

    def __init__(self) -> None:
        self.closed = False
        self.pending: list[Run] = []

    def wait(self, run: Run) -> bool:
        """Keep `run`, and what is added to it, until the next flush; False when there will be none."""
        if self.closed:
            return False
        if self.pending:
            self.pending[-1].open = False
        self.pending.append(run)
        return True

    def waiting(self) -> int:
        """How many bytes wait."""
        return sum(one.size for one in self.pending)


class WireOutbox(Waiting):
    """Writes encoded frames straight to the transport; what waits goes out in one write."""

    __slots__ = ("limit", "packs", "wire")

    def __init__(self, wire: Wire, limit: int, *, packs: bool = False) -> None:
        super().__init__()
        self.wire, self.limit, self.packs = wire, limit, packs

    def put(self, message: Message) -> Put:
        """Send `message`, or queue it behind what waits."""
        if self.closed:
            return DROPPED
        if not self.pending:
            return self._write(message.packed_wire if self.packs else message.wire)
        self.hold(message)
        return QUEUED if self.waiting() < EAGER_BYTES else self.flush()

    def put_now(self, message: Message) -> Put:
        """Send `message` at once, behind what waits: a reply, which somebody is waiting for."""
        if self.closed:
            return DROPPED
        if not self.pending:
            return self._write(message.packed_wire if self.packs else message.wire)
        self.hold(message)
        return self.flush()

    def hold(self, message: Message) -> None:
        """Keep `message`, and what follows behind it, until the next flush."""
        self.wait(Run(message))

    def flush(self) -> Put:
        """Write what waits, in one go."""
        runs, self.pending = self.pending, []
        if self.closed or not runs:
            return DROPPED
        if len(runs) == 1:
            return self._write(runs[0].wire(self.packs))
        return self._write(b"".join([one.wire(self.packs) for one in runs]))

    def _write(self, data: bytes) -> Put:
        return SENT if self.wire.offer(data, self.limit) else FULL

    def unsent(self) -> int:
        return self.waiting() + self.wire.unsent()

    def taken(self) -> int:
        return self.wire.taken()

    def close(self, code: int, reason: str) -> None:
        if not self.closed:
            self.flush()
            self.closed = True
            self.wire.close(code, reason)

    def discard(self) -> None:
        self.closed = True
        self.pending.clear()


Send = Callable[[Any], Awaitable[None]]


class StepOutbox(Waiting):
    """Advances the server's `send()` synchronously; when it blocks, the rest queues up behind it, bounded."""

    __slots__ = ("drained", "limit", "packs", "queue", "queued_bytes", "send", "writer")

    CLOSE_SECONDS = 2.0

    def __init__(self, send: Send, limit: int, *, packs: bool = False) -> None:
        super().__init__()
        self.send, self.limit, self.packs = send, limit, packs
        self.queue: deque[Message] = deque()
        self.queued_bytes = self.drained = 0
        self.writer: asyncio.Task[None] | None = None

    def put(self, message: Message) -> Put:
        """Send `message`, or queue it behind what is blocked."""
        if self.pending:
            self.flush()
        if self.closed:
            return DROPPED
        if self.writer:
            size = self._size(message)
            if self.queued_bytes + size > self.limit:
                return FULL
            self.queue.append(message)
            self.queued_bytes += size
            return QUEUED
        self._step(message)
        return SENT

    def put_now(self, message: Message) -> Put:
        return self.put(message)

    def hold(self, message: Message) -> None:
        """Send `message` first of all; here it need not wait."""
        self.put(message)

    def flush(self) -> Put:
        """Send what waits."""
        runs, self.pending = self.pending, []
        became = DROPPED
        for run in runs:
            run.open = False
            for message in run.messages:
                became = self.put(message)
        return became

    def _size(self, message: Message) -> int:
        return len(message.packed if self.packs else message.payload)

    def _event(self, message: Message) -> dict[str, Any]:
        if self.packs:
            return {"type": "websocket.send", "bytes": message.packed}
        if message.binary:
            return {"type": "websocket.send", "bytes": message.payload}
        return {"type": "websocket.send", "text": message.payload.decode()}

    def _step(self, message: Message) -> None:
        coroutine = _coroutine(self.send(self._event(message)))
        try:
            blocked_on = coroutine.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 (the peer is gone; the server's disconnect event follows)
            self.discard()
            return
        self.writer = asyncio.ensure_future(self._drain(_Resumed(coroutine, blocked_on)))

    async def _drain(self, first: "_Resumed") -> None:
        try:
            await first
            while self.queue:
                self.drained += 1
                message = self.queue.popleft()
                self.queued_bytes -= self._size(message)
                await self.send(self._event(message))
        except Exception:  # noqa: BLE001 (as above)
            self.discard()
        finally:
            self.writer = None

    def unsent(self) -> int:
        return self.queued_bytes + self.waiting()

    def taken(self) -> int:
        return self.drained

    def close(self, code: int, reason: str) -> None:
        if not self.closed:
            self.flush()
            self.closed = True
            self.writer = asyncio.ensure_future(self._close(self.writer, code, reason))

    async def _close(self, writer: "asyncio.Task[None] | None", code: int, reason: str) -> None:
        if writer:
            await asyncio.wait({writer}, timeout=self.CLOSE_SECONDS)
            writer.cancel()
        try:
            async with asyncio.timeout(self.CLOSE_SECONDS):
                await self.send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception:  # noqa: BLE001, S110 (it is closing: a peer that is gone is as good)
            pass

    def discard(self) -> None:
        if not self.closed:
            self.closed = True
            self.pending.clear()
            self.queue.clear()
            self.queued_bytes = 0


def _coroutine(awaitable: Awaitable[None]) -> Coroutine[Any, Any, None]:
    if isinstance(awaitable, Coroutine):
        return awaitable

    async def wrapped() -> None:
        await awaitable

    return wrapped()


class _Resumed:
    """Awaits the rest of a coroutine that was advanced by hand to its first `yield`."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], blocked_on: Any) -> None:
        self.coroutine, self.blocked_on = coroutine, blocked_on

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self.blocked_on
        while True:
            raised: BaseException | None = None
            answer: Any = None
            try:
                answer = yield waiting
            except BaseException as error:  # noqa: BLE001 (it belongs to the coroutine, cancellation too)
                raised = error
            try:
                waiting = self.coroutine.throw(raised) if raised else self.coroutine.send(answer)
            except StopIteration:
                return
