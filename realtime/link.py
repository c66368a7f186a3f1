"""Node to node, over the channel layer: one reader, and ONE bounded writer.

The node as a whole is the member of a Channels group, not each connection; so a group message travels once per node.
Which groups the node should be in is a set that the writer makes true; after Redis was away it does so again. Each join
is confirmed by a sign the node sends itself, since a subscription written into a line that just broke fails silently.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from random import uniform
from time import monotonic
from typing import Any, TypedDict

from redis.exceptions import RedisError

from project.core.redis_lines import between_nodes
from realtime.commands import ALL_NODES, Command, group_route, node_route
from realtime.ending import end
from realtime.questions import ANSWER_SECONDS, Answers, Questions

log = logging.getLogger(__name__)

MAX_QUEUED = 10_000
CALL_SECONDS = SETTLE_SECONDS = 5.0
ECHO_SECONDS = 2.0
PROBE_SECONDS = 10.0
SILENT_ROUNDS = 3
"""So many echoes in a row that do not come back mean a dead line: another one is opened."""
LATELY_SECONDS = 3 * PROBE_SECONDS
PAUSES = (0.1, 0.2, 0.5, 1.0)
TYPE = "gateway.command"
FAILURES = (RedisError, OSError, TimeoutError, RuntimeError, AttributeError, EOFError)
"""The last three: what redis-py stumbles over when its reader and a command mend one torn connection in the same moment."""
FRESH_AFTER = 4
"""So many failures in a row, and another line is opened: the old one may be past mending."""

Done = Callable[[], None]


class LinkInfo(TypedDict):
    """How a node's line to the others has been."""

    in_touch: bool
    outages: int
    lost: int
    queued: int


class Link:
    """This node's place in the cluster."""

    def __init__(
        self,
        layer: Any,
        node: str,
        handle: Callable[[Command], Any],
        *,
        echo_seconds: float = ECHO_SECONDS,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self.layer, self.node, self.handle = layer, node, handle
        self.echo_seconds, self.probe_seconds = echo_seconds, probe_seconds
        self.questions = Questions(node)
        self.up = False
        self.lost = self.outages = 0
        self.channel = ""
        self._told = False
        """Are the others known to be away? It has been logged then."""
        self._silent = 0
        """How many looks in a row found an echo overdue."""
        self._wanted = {ALL_NODES, node_route(node)}
        self._joined: set[str] = set()
        self._unconfirmed: dict[str, float] = {}
        """Routes joined whose echo has not come back yet, and since when."""
        self._heard: dict[str, float] = {}
        self._queue: deque[tuple[str, dict[str, Any], Done | None]] = deque()
        self._work = asyncio.Event()
        self._settled: list[asyncio.Future[None]] = []
        self._room: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def breaks(self) -> int:
        """A number that changes whenever something that was told may not have been heard by all."""
        return self.outages + self.lost + between_nodes.opened

    # what the node calls

    def start(self) -> None:
        # the library logs a traceback every second of an outage; this link tells of it once
        logging.getLogger("channels_redis.pubsub").addFilter(_is_news)
        self._work.set()
        self._writer = asyncio.create_task(self._write(), name="gateway-writer")

    async def stop(self) -> None:
        """Let the writer finish what is queued, for a moment, then leave."""
        if self._writer and self.up and self._queue:
            await asyncio.wait({self._writer}, timeout=0.5)
        await end(self._writer, self._reader)
        self._forget_queue()

    def info(self) -> LinkInfo:
        return LinkInfo(in_touch=self.up, outages=self.outages, lost=self.lost, queued=len(self._queue))

    def opened(self, group: str) -> None:
        self._wanted.add(group_route(group))
        self._work.set()

    def emptied(self, group: str) -> None:
        self._wanted.discard(group_route(group))
        self._work.set()

    def publish(self, command: Command, done: Done | None = None) -> None:
        """Queue a command for the other nodes; while they cannot be reached it is dropped and counted."""
        routes = command.routes() - {node_route(self.node)}
        if not routes or not self.up or len(self._queue) + len(routes) > MAX_QUEUED:
            self.lost += len(routes)
            if done:
                done()
            return
        last = len(routes) - 1
        body = command.pack()
        for position, route in enumerate(routes):
            self._tell(route, body, done if position == last else None)

    def lately(self) -> set[str]:
        """Return which other nodes were heard lately; Redis may have forgotten them since."""
        since = monotonic() - LATELY_SECONDS
        self._heard = {node: at for node, at in self._heard.items() if at >= since}
        return set(self._heard)

    async def ask(self, command: Command, others: Iterable[str], seconds: float = ANSWER_SECONDS) -> Answers:
        """Pass a command on and return what came of it on each of the nodes `others`."""
        asked = self.questions.open(command, others)
        self.publish(asked)
        return await self.questions.answers(asked, seconds)

    def _tell(self, route: str, body: dict[str, Any], done: Done | None = None) -> None:
        self._queue.append((route, {"type": TYPE, "from": self.node, **body}, done))
        self._work.set()

    async def room(self) -> None:
        """Wait until the writer has caught up to half; returns at once when there is room."""
        if len(self._queue) > MAX_QUEUED // 2:
            waiter = asyncio.get_running_loop().create_future()
            self._room.append(waiter)
            await waiter

    async def settled(self) -> None:
        """Wait until the node is in every group it should be in; not for long, nor while the others are known to be away."""
        if self._told or (self.up and self._joined == self._wanted and not self._unconfirmed):
            return
        waiter = asyncio.get_running_loop().create_future()
        self._settled.append(waiter)
        await asyncio.wait({waiter}, timeout=SETTLE_SECONDS)

    # the writer

    async def _write(self) -> None:
        failures = 0
        while True:
            try:
                await self._enter()
                await self._join_and_leave()
                await self._send_queued()
                failures = 0
                await self._rest()
            except FAILURES as problem:
                self._went_down(problem)
                if failures % FRESH_AFTER == FRESH_AFTER - 1:
                    with suppress(*FAILURES):
                        await self._let_go()
                # not all nodes of a Redis that comes back at the same moment
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)] * uniform(0.5, 1.5))  # noqa: S311 (no secret)
                failures += 1

    async def _enter(self) -> None:
        if self.up:
            return
        if not self.channel:
            async with asyncio.timeout(CALL_SECONDS):
                self.channel = await self.layer.new_channel("gateway.")
            self._reader = asyncio.create_task(self._read(), name="gateway-reader")
        self._joined.clear()
        await self._join_and_leave()
        self.up, self._told = True, False
        log.info("This node (%s) is in touch with the others.", self.node)

    async def _join_and_leave(self) -> None:
        while self._joined != self._wanted:
            for route in self._wanted - self._joined:
                await self._call(self.layer.group_add(route, self.channel))
                await self._expect_echo(route)
                self._joined.add(route)
            for route in self._joined - self._wanted:
                await self._call(self.layer.group_discard(route, self.channel))
                self._joined.discard(route)
                self._unconfirmed.pop(route, None)
        self._tell_settled()

    async def _expect_echo(self, route: str) -> None:
        """Send ourselves a sign through `route`: a subscription that was lost in a broken line makes no noise."""
        self._unconfirmed.setdefault(route, monotonic())
        await self._call(self.layer.group_send(route, {"type": TYPE, "from": self.node, "echo": route}))

    async def _rest(self) -> None:
        """Wait for work, but not for longer than until the line has to be looked at."""
        try:
            async with asyncio.timeout(self.echo_seconds if self._unconfirmed else self.probe_seconds):
                await self._work.wait()
        except TimeoutError:
            await self._expect_echo(ALL_NODES)
        self._work.clear()
        late = monotonic() - self.echo_seconds
        if silent := [route for route, since in self._unconfirmed.items() if since < late]:
            self._silent += 1
            await (self._hang_up() if self._silent >= SILENT_ROUNDS else self._join_again(silent))
        elif not self._unconfirmed:
            self._silent = 0

    async def _join_again(self, routes: list[str]) -> None:
        log.warning("Nothing comes back through %s (%d in all); this node joins again.", routes[0], len(routes))
        for route in routes:
            await self._call(self.layer.group_discard(route, self.channel))
            self._unconfirmed.pop(route, None)
            self._joined.discard(route)
        self._work.set()

    async def _hang_up(self) -> None:
        """Give up a line that takes what is said and brings nothing back, as one does whose other end vanished."""
        await self._let_go()
        raise ConnectionError("the line brings nothing back")

    async def _let_go(self) -> None:
        """Forget the line, so that the next look opens another."""
        self._silent = 0
        self._unconfirmed.clear()
        self.channel = ""
        await end(self._reader)
        await self._call(self.layer.flush())

    async def _call(self, call: Awaitable[Any]) -> None:
        async with asyncio.timeout(CALL_SECONDS):
            await call

    def _tell_settled(self) -> None:
        if self._joined == self._wanted and not self._unconfirmed:
            _wake(self._settled)

    async def _send_queued(self) -> None:
        while self._queue:
            route, body, done = self._queue.popleft()
            try:
                await self._call(self.layer.group_send(route, body))
            except FAILURES:
                self.lost += 1
                raise
            finally:
                if done:
                    done()
            if self._room and len(self._queue) <= MAX_QUEUED // 2:
                _wake(self._room)
            if self._joined != self._wanted:
                await self._join_and_leave()

    def _went_down(self, problem: Exception) -> None:
        if not self._told:
            self._told = True
            self.outages += 1
            log.warning("The other nodes cannot be reached (%s: %s); trying again.", type(problem).__name__, problem)
        self.up = False
        self._forget_queue()

    def _forget_queue(self) -> None:
        queued, self._queue = self._queue, deque()
        self.lost += len(queued)
        for _, _, done in queued:
            if done:
                done()
        _wake(self._settled)
        _wake(self._room)

    # the reader

    async def _read(self) -> None:
        while True:
            try:
                body = await self.layer.receive(self.channel)
            except FAILURES:
                await asyncio.sleep(PAUSES[-1])
                continue
            if body.get("from") == self.node:
                self._unconfirmed.pop(body.get("echo"), None)
                self._tell_settled()
                continue
            self._heard[body["from"]] = monotonic()
            if "answer" in body:
                self.questions.answered(body["answer"], body["from"], body["value"])
            elif "do" in body:
                self._obey(body)

    def _obey(self, body: dict[str, Any]) -> None:
        try:
            command = Command.unpack(body)
            value = self.handle(command)
        except Exception:
            log.exception("A command of another node could not be carried out.")
            return
        if command.question:
            self._tell(command.answer_to, {"answer": command.question, "value": value})


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], FAILURES))


def _wake(waiters: "list[asyncio.Future[None]]") -> None:
    waiting = waiters[:]
    waiters.clear()
    for waiter in waiting:
        if not waiter.done():
            waiter.set_result(None)
