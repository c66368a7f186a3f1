"""This process as a serving node: its hub, its presence, its link to the other nodes, its sweeps.

`start` and `stop` belong to whoever runs the event loop; a server that does not call them gets a node at its first
connection.
"""

import asyncio
import logging
import os
import platform
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from project.core import cache, context
from realtime import hooks
from realtime.commands import Command, execute
from realtime.core.codes import CloseCode
from realtime.core.connection import Connection
from realtime.core.hub import Hub, Watcher
from realtime.core.stuck import StuckReaders
from realtime.directory import MemoryDirectory, NodeInfo
from realtime.ending import end
from realtime.errors import GatewayUnreachable
from realtime.guard import guarded
from realtime.link import Link, LinkInfo
from realtime.load import Load
from realtime.presence import RedisPresence
from realtime.questions import ANSWER_SECONDS, Answers
from realtime.storage import BEAT_SECONDS, Keeper
from realtime.transport import origin

log = logging.getLogger(__name__)

MAX_SUBMITTED = 1000
"""Sends from other threads that may be under way; the next thread waits."""
SUBMIT_SECONDS = 5.0
NO_LINK = LinkInfo(in_touch=True, outages=0, lost=0, queued=0)
"""Of a node that is alone: nothing can get lost on the way to others."""
to_json: Callable[[Any], Any] = DjangoJSONEncoder().default


def translate(message: str, language: str) -> str:
    """Return a marked text of the core in `language`."""
    with translation.override(language):
        return translation.gettext(message) if message else ""


class Part(Protocol):
    """Something that runs beside a node's hub, on its loop."""

    def start(self) -> None: ...
    async def stop(self) -> None: ...
    def info(self) -> dict[str, Any]: ...


PARTS: list[Callable[["Node"], Part]] = []
"""What every node has besides, registered by whoever brings it."""


class Node(Watcher):
    """One serving process. Its methods are for its event loop, but for `submit` and `ask`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.pid = os.getpid()
        self.id = secrets.token_hex(4)
        self.hub = Hub(self.id, default=to_json)
        self.hub.translate, self.hub.trace_id = translate, context.get_request_id
        if settings.GATEWAY_GUEST_RULE:
            self.hub.is_guest = import_string(settings.GATEWAY_GUEST_RULE)
        if hooks.registered.sends:
            self.hub.sending = hooks.sending
        self.keeper = Keeper()
        host = socket.gethostname()
        self._about: NodeInfo = {
            "name": f"{host}-{self.pid}",
            "host": host,
            "pid": self.pid,
            "started_at": time.time(),
            "installation": installation(),
            "version": settings.VERSION,
            "python": platform.python_version(),
        }
        self.load = Load()
        self.link: Link | None = None
        self.presence: MemoryDirectory | RedisPresence = MemoryDirectory(self.hub, self.info)
        if shared():
            self.link = Link(get_channel_layer(), self.id, lambda command: execute(self.hub, command))
            self.presence = RedisPresence(*directory_address(), self.hub, self.info)
        self.hub.watcher = self
        self._slots = threading.BoundedSemaphore(MAX_SUBMITTED)
        self._tasks: list[asyncio.Task[None]] = []
        self._parts = [make(self) for make in PARTS]

    def info(self) -> NodeInfo:
        """What is known of this node, in figures."""
        uptime = round(time.time() - self._about["started_at"], 1)
        line = self.link.info() if self.link else NO_LINK
        found = (
            self._about | {"uptime": uptime, "hooks": hooks.registered.failures()} | self.hub.info() | self.load.info()
        )
        for part in self._parts:
            found |= part.info()
        return found | line

    def start(self) -> None:
        if self.link:
            self.link.start()
        if isinstance(self.presence, RedisPresence):
            self.presence.start()
        sweeps = (_sweep_overdue(self.hub), _sweep_sessions(self.hub), _sweep_kept(self.hub, self.keeper))
        self._tasks = [asyncio.create_task(one) for one in sweeps]
        for part in self._parts:
            part.start()

    async def stop_parts(self) -> None:
        """End what runs beside the hub, while the others can still be reached; safe to repeat."""
        await asyncio.gather(*(part.stop() for part in self._parts))

    async def stop(self) -> None:
        await self.stop_parts()
        await end(*self._tasks)
        for connection in list(self.hub.connections.values()):
            self.hub.farewell(connection)
            connection.close(CloseCode.SERVER_RESTARTING)
        await self.keeper.stop()
        if isinstance(self.presence, RedisPresence):
            await self.presence.stop()
        if self.link:
            await self.link.stop()
        await cache.leave()

    # what the hub tells

    def opened(self, group: str) -> None:
        if self.link:
            self.link.opened(group)

    def emptied(self, group: str) -> None:
        if self.link:
            self.link.emptied(group)

    def resized(self, group: str) -> None:
        if isinstance(self.presence, RedisPresence):
            self.presence.resized(group)

    def changed(self, connection: Connection) -> None:
        if isinstance(self.presence, RedisPresence):
            self.presence.changed(connection)

    def gone(self, connection: Connection) -> None:
        if isinstance(self.presence, RedisPresence):
            self.presence.gone(connection)

    def bound(self, connection: Connection) -> None:
        self.keeper.bound(connection)

    def set(self, connection: Connection) -> None:
        self.keeper.changed(connection)

    def leaving(self, connection: Connection) -> None:
        if connection.ended:
            hooks.closed(connection, connection.ended)

    async def settled(self) -> None:
        """Wait, but not for long, until the other nodes can reach whoever joined here."""
        if self.link:
            await self.link.settled()

    async def listed(self) -> None:
        """Wait, but not for long, until the other nodes see who is here."""
        if isinstance(self.presence, RedisPresence):
            await self.presence.written()

    # commands

    def run(self, command: Command, *, local: bool = False, done: Callable[[], None] | None = None) -> None:
        """Carry out a command here, then pass it to the other nodes it concerns."""
        try:
            execute(self.hub, command)
        finally:
            if self.link and not local:
                self.link.publish(command, done)
            elif done:
                done()

    async def ask_nodes(self, command: Command, *, local: bool = False, seconds: float = ANSWER_SECONDS) -> Answers:
        """Carry out a command here and on the other nodes it concerns; return what came of it on each."""
        mine = {self.id: execute(self.hub, command)}
        if not self.link or local:
            return Answers(mine, [])
        try:
            others = await guarded(self.presence.others, command)
        except GatewayUnreachable:
            return Answers(mine, sorted(self.presence.known - {self.id}))
        theirs = await self.link.ask(command, others, seconds)
        return Answers(mine | theirs.values, theirs.silent)

    async def deaf(self) -> list[str]:
        """Return which of the other nodes that are there, or lately were, do not hear."""
        if not self.link:
            return []
        question, others = Command("join"), self.link.lately() | self.presence.lately()
        with suppress(GatewayUnreachable):
            others |= await guarded(self.presence.others, question)
        return (await self.link.ask(question, others - {self.id})).silent

    def on_loop(self) -> bool:
        """Whether the caller runs on this node's event loop."""
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def submit(self, command: Command, *, local: bool = False) -> None:
        """Hand a command over from another thread; waits when too many are under way.

        :raises GatewayUnreachable: when the loop does not take them.
        """
        if not self._slots.acquire(timeout=SUBMIT_SECONDS):
            raise GatewayUnreachable(why="the server is too busy to take more messages")
        try:
            self.loop.call_soon_threadsafe(self._run_submitted, command, local)
        except RuntimeError:
            self._slots.release()
            raise GatewayUnreachable(why="the server of this process has stopped") from None

    def _run_submitted(self, command: Command, local: bool) -> None:
        try:
            self.run(command, local=local, done=self._slots.release)
        except Exception:
            log.exception("A command from another thread could not be carried out.")

    def ask(self, question: Callable[[], Awaitable[Any]]) -> "Future[Any]":
        """Put a question to the loop from another thread."""

        async def answer() -> Any:
            return await question()

        return asyncio.run_coroutine_threadsafe(answer(), self.loop)


_node: Node | None = None


def installation() -> str:
    """Return what nodes of one installation have in common and no other has; it tells nothing of the SECRET_KEY."""
    return salted_hmac("gatehouse.installation", "", algorithm="sha256").hexdigest()[:16]


def directory_address() -> tuple[str, str, int]:
    """Return where the directory of who is online is kept, and how many connections each process may open there."""
    return settings.CHANNEL_LAYER_URL, settings.REDIS_PREFIX, settings.REDIS_POOL_SIZE


def shared() -> bool:
    """Whether other processes can be reached at all."""
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


def serving() -> Node | None:
    """Return this process's node, if it serves."""
    if _node is None or _node.pid != os.getpid() or _node.loop.is_closed():
        return None
    return _node


def here() -> Node:
    """Return the node of the running event loop; it is started when nobody did."""
    global _node
    node = serving()
    if node is None or node.loop is not asyncio.get_running_loop():
        if node is not None and node.loop.is_running():
            raise RuntimeError("Another event loop of this process serves sockets already.")
        _node = node = Node()
        node.start()
    return node


async def start() -> None:
    """Open the door: from now on this process can reach browsers, and be reached by the other nodes."""
    here()


async def stop_parts() -> None:
    """Begin to leave: let other nodes have what is not this one's sockets (project/server.py, when a drain begins)."""
    if node := serving():
        await node.stop_parts()


async def stop() -> None:
    """Close the door: sockets get 1012, the other nodes forget this one."""
    global _node
    node, _node = _node, None
    if node and node.pid == os.getpid() and node.on_loop():
        await node.stop()


async def _sweep_overdue(hub: Hub) -> None:
    stuck = StuckReaders()
    while True:
        shortest = min(settings.GATEWAY_IDLE_SECONDS or 30.0, settings.GATEWAY_AUTH_SECONDS)
        await asyncio.sleep(min(1.0, max(0.02, shortest / 5)))
        try:
            for connection, code in hub.overdue():
                connection.close(code)
            for connection in stuck.among(hub.connections.values(), hub.clock()):
                hub.evict(connection)
        except Exception:
            log.exception("Idle sockets could not be closed; the next sweep tries again.")


async def _sweep_sessions(hub: Hub) -> None:
    while True:
        await asyncio.sleep(getattr(settings, "GATEWAY_SESSION_CHECK_SECONDS", 30))
        try:
            await close_ended(hub)
        except Exception:
            log.exception("The sessions of open sockets could not be checked; the next sweep tries again.")


async def _sweep_kept(hub: Hub, keeper: Keeper) -> None:
    while keeper.storage:
        await asyncio.sleep(BEAT_SECONDS)
        since = hub.clock() - BEAT_SECONDS
        await keeper.beat({one.user_id for one in hub.connections.values() if one.user_id and one.heard_at >= since})


async def close_ended(hub: Hub) -> None:
    """Close the sockets whose session ended without anybody telling this node, and those of addresses now refused."""
    if refused := await origin.refused(list({one.peer.address for one in hub.connections.values()}), opening=False):
        for connection in [one for one in hub.connections.values() if one.peer.address in refused]:
            connection.close(CloseCode.NOT_ALLOWED)
    for connection in list(hub.connections.values()):
        who = connection.identity
        if who and not who.session_id and who.expires_at is not None and who.expires_at <= time.time():
            connection.close(CloseCode.SESSION_ENDED)
    if settings.GATEWAY_SESSION_CHECK and hub.sessions:
        ended = await import_string(settings.GATEWAY_SESSION_CHECK)(list(hub.sessions))
        for session_id, code in ended.items():
            for connection in list(hub.sessions.get(session_id, ())):
                connection.close(code)
