"""The consumer: one per socket, a real Channels consumer with a lean loop.

Stock Channels opens a channel per connection, runs two tasks per consumer and hops to a thread for every frame. Here
the hub is the only member of groups, so a consumer has no channel: it awaits the server's `receive` and nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation

from project.core import context
from realtime import cluster, hooks
from realtime.core import frames
from realtime.core.codes import GONE, CloseCode, Refused
from realtime.core.connection import Connection, Identity, Limits
from realtime.core.frames import Message
from realtime.core.outbox import StepOutbox, WireOutbox
from realtime.core.rates import who_asks
from realtime.transport import origin
from realtime.transport.admission import admit
from realtime.transport.calls import Calls, known_as, reason
from realtime.transport.credentials import identify
from realtime.transport.handshake import Handshake

log = logging.getLogger(__name__)

WIRE = "gateway.wire"
"""The scope extension under which realtime/server.py offers raw writes."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class GatewayConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no type hints
    """One client of the gateway."""

    connection: Connection
    _left_with = GONE

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket from handshake to close."""
        self.scope, self.base_send, self.channel_layer = scope, send, None
        await receive()  # websocket.connect
        handshake = Handshake.read(scope)
        translation.activate(handshake.peer.language)
        try:
            identity = await self._identify(handshake)
        except Refused as refused:
            await self.accept(handshake.subprotocol)
            await self.close(refused.code, reason(refused))
            return
        await self.accept(handshake.subprotocol)
        self._connect(handshake, identity)
        del handshake  # it would be kept as long as the connection
        try:
            await self._welcome(identity)
            await self._listen(receive)
        finally:
            self.connection.hub.remove(self.connection, self._left_with)

    async def _identify(self, handshake: Handshake) -> Identity | None:
        handshake.ensure_allowed()
        peer = handshake.peer
        context.init(module="websocket", ip=peer.address, user_agent=peer.user_agent, language=peer.language)
        try:
            if await origin.refused([peer.address], opening=True):
                raise Refused(CloseCode.NOT_ALLOWED)
            async with asyncio.timeout(settings.GATEWAY_AUTH_SECONDS):
                return await identify(handshake.credentials())
        except Refused:
            raise
        except Exception as problem:
            log.exception("Who opens this socket could not be found out.")
            raise Refused(CloseCode.SERVER_ERROR) from problem

    def _connect(self, handshake: Handshake, identity: Identity | None) -> None:
        limits, hub = _limits(), cluster.here().hub
        wire = self.scope.get("extensions", {}).get(WIRE)
        most, packs = limits.max_buffer, handshake.packs
        outbox = WireOutbox(wire, most, packs=packs) if wire else StepOutbox(self.base_send, most, packs=packs)
        self.connection = Connection(hub, outbox, limits, handshake.peer)
        self.calls = Calls(self.connection, packs=packs)
        context.set_user(known_as(identity))
        if wire:
            wire.forget_handshake()
            wire.pinged = self._pinged
            wire.leaving = partial(hub.farewell, self.connection)
            wire.reason = partial(hub.reason, self.connection)

    async def _welcome(self, identity: Identity | None) -> None:
        """Greet first, and only once everything sent from now on will arrive."""
        connection = self.connection
        connection.outbox.hold(Message.push(frames.WELCOME, _greeting(connection, identity)))
        connection.sent += 1
        try:
            await admit(connection, identity)
        except Refused as refused:
            connection.outbox.close(refused.code, reason(refused))
        except Exception:
            log.exception("A socket could not be let in.")
            connection.outbox.close(CloseCode.SERVER_ERROR, reason(Refused(CloseCode.SERVER_ERROR)))
        else:
            connection.outbox.flush()
            hooks.opened(connection)

    async def _listen(self, receive: Receive) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                self._left_with = event.get("code") or GONE
                return
            if self._heard(len(event.get("text") or event.get("bytes") or b"")):
                await self.calls.read(event)

    def _heard(self, size: int) -> bool:
        """Count a frame; False when it is not to be looked at."""
        connection = self.connection
        if connection.id not in connection.hub.connections:
            return False
        connection.received += 1
        connection.heard_at = now = connection.hub.clock()
        if not self._may_say_more(now):
            connection.close(CloseCode.FLOODING)
            return False
        if size > connection.limits.max_frame:  # servers other than ours let larger ones through
            connection.close(CloseCode.FRAME_TOO_LARGE)
            return False
        return True

    def _pinged(self) -> None:
        connection = self.connection
        connection.heard_at = now = connection.hub.clock()
        if not self._may_say_more(now):
            connection.close(CloseCode.FLOODING)

    def _may_say_more(self, now: float) -> bool:
        """Use up one frame of the connection, and one of its user."""
        connection = self.connection
        if not connection.allowance.take(now):
            return False
        of_user = connection.limits.user_rate
        if of_user is None or connection.identity is None:
            return True
        return not connection.hub.allowances.wait(("", who_asks(connection)), *of_user, now)


_shared = lru_cache(maxsize=8)(Limits)
"""Connections that opened under the same settings have one object in common."""


def _limits() -> Limits:
    return _shared(
        idle_seconds=settings.GATEWAY_IDLE_SECONDS,
        auth_seconds=settings.GATEWAY_AUTH_SECONDS,
        stuck_seconds=settings.GATEWAY_STUCK_SECONDS,
        max_frame=settings.GATEWAY_MAX_FRAME,
        max_buffer=settings.GATEWAY_MAX_BUFFER,
        rate=settings.GATEWAY_RATE,
        user_rate=settings.GATEWAY_USER_RATE,
        max_tasks=settings.GATEWAY_MAX_TASKS,
        allow_guests=settings.GATEWAY_ALLOW_GUESTS,
    )


def _greeting(connection: Connection, identity: Identity | None) -> dict[str, Any]:
    limits = connection.limits
    (rate, burst), of_user = limits.rate, limits.user_rate or (None, None)
    return {
        "connection": connection.id,
        "node": connection.node,
        "time": connection.since,
        "user": {"id": identity.user_id, "username": identity.username, "name": identity.name} if identity else None,
        "heartbeat": {"idle_seconds": limits.idle_seconds, "every": limits.idle_seconds / 2},
        "authenticate_within": None if identity or limits.allow_guests else limits.auth_seconds,
        "limits": {
            "frame": limits.max_frame,
            "buffer": limits.max_buffer,
            "rate": rate,
            "burst": burst,
            "user_rate": of_user[0],
            "user_burst": of_user[1],
            "depth": frames.MAX_DEPTH,
            "calls": limits.max_tasks,
        },
    }
