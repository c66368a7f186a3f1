"""The consumer: one per socket, a real Channels consumer with a lean loop.

Stock Channels opens a channel per connection, runs two tasks per consumer and hops to a thread for every frame. Here
the hub is the only member of groups, so a consumer has no channel: it awaits the server's `receive` and nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from project.core import context
from project.core.api import answers
from project.core.errors import GatehouseError, NoPermission, NotSignedIn
from realtime import cluster, hooks, topics
from realtime.core import frames
from realtime.core.codes import GONE, REASONS, CloseCode, Refused, fit_reason
from realtime.core.connection import Connection, Identity, Limits
from realtime.core.frames import BadFrame, Frame, Message
from realtime.core.outbox import StepOutbox, WireOutbox
from realtime.errors import BadClientFrame, TooBusy
from realtime.transport import origin
from realtime.transport.admission import admit
from realtime.transport.credentials import identify
from realtime.transport.handshake import Handshake

log = logging.getLogger(__name__)

WIRE = "gateway.wire"
"""The scope extension under which realtime/server.py offers raw writes."""
NOT_UTF8 = "gateway.not_utf8"
"""In a received event: at which byte a text frame stops being UTF-8."""
DISPLACED = "20001"
REFUSALS: dict[int, str] = {
    CloseCode.NOT_AUTHENTICATED: NotSignedIn.code,
    CloseCode.SESSION_ENDED: NotSignedIn.code,
    CloseCode.DISPLACED: DISPLACED,
}
"""What an error frame says where a socket would close with these; for all others it is 10009."""

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
            await self.close(refused.code, self._reason(refused))
            return
        await self.accept(handshake.subprotocol)
        self._connect(handshake, identity)
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
        outbox = WireOutbox(wire, limits.max_buffer) if wire else StepOutbox(self.base_send, limits.max_buffer)
        self.connection = Connection(hub, outbox, limits, handshake.peer)
        self._told: Identity | None = None
        self._say_who(identity)
        if wire:
            wire.pinged = self._pinged
            wire.leaving = partial(hub.farewell, self.connection)

    async def _welcome(self, identity: Identity | None) -> None:
        """Greet first, and only once everything sent from now on will arrive."""
        connection = self.connection
        connection.outbox.hold(Message.push(frames.WELCOME, _greeting(connection, identity)))
        connection.sent += 1
        try:
            await admit(connection, identity)
        except Refused as refused:
            connection.outbox.close(refused.code, self._reason(refused))
        except Exception:
            log.exception("A socket could not be let in.")
            connection.outbox.close(CloseCode.SERVER_ERROR, self._reason(Refused(CloseCode.SERVER_ERROR)))
        else:
            connection.outbox.flush()
            hooks.opened(connection)

    async def _listen(self, receive: Receive) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                self._left_with = event.get("code") or GONE
                return
            text = event.get("text")
            if self._heard(len(text) if text is not None else len(event.get("bytes") or b"")):
                await self._read(text, event)

    def _heard(self, size: int) -> bool:
        """Count a frame; False when it is not to be looked at."""
        connection = self.connection
        if connection.id not in connection.hub.connections:
            return False
        connection.received += 1
        connection.heard_at = now = connection.hub.clock()
        if not connection.allowance.take(now):
            connection.close(CloseCode.FLOODING)
            return False
        if size > connection.limits.max_frame:  # servers other than ours let larger ones through
            connection.close(CloseCode.FRAME_TOO_LARGE)
            return False
        return True

    def _pinged(self) -> None:
        connection = self.connection
        connection.heard_at = now = connection.hub.clock()
        if not connection.allowance.take(now):
            connection.close(CloseCode.FLOODING)

    async def _read(self, text: str | None, event: dict[str, Any]) -> None:
        frame: Frame | None = None
        try:
            frame = _decoded(text, event)
            hooks.heard(self.connection, frame)
            asked = None if hooks.registered.routes else self._asked(frame)
            if asked and asked.prompt:
                await self._answer(asked, frame)
            else:
                self._start(asked, frame)
        except BadFrame as bad:
            self._complain(BadClientFrame(_(bad.message), **bad.params), bad.frame)
        except GatehouseError as problem:
            self._complain(problem, frame)

    def _start(self, asked: topics.Topic | None, frame: Frame) -> None:
        """Let a handler run beside the loop, so that it can never hold up a ping, a kick or the next frame.

        :raises TooBusy: when enough of this connection's calls are running.
        """
        running = self.connection.tasks
        if len(running) >= self.connection.limits.max_tasks:
            raise TooBusy(limit=self.connection.limits.max_tasks)
        task = asyncio.create_task(self._answer(asked, frame))
        running.add(task)
        task.add_done_callback(running.discard)

    async def _answer(self, asked: topics.Topic | None, frame: Frame) -> None:
        """Let a topic's handler answer a frame; without a topic, the route hooks first."""
        connection = self.connection
        self._say_who(connection.identity)
        try:
            answer = hooks.PASS if asked else await hooks.routed(connection, frame)
            if answer is hooks.PASS:
                asked = asked or self._asked(frame)
                await topics.ensure_may_ask(connection, asked)
                answer = await topics.answer(asked, connection, frame.data)
            if frame.id is not frames.MISSING:
                connection.hub.reply(connection, Message.reply(frame, answer, cluster.to_json))
        except Refused as refused:
            self._refuse(refused, frame)
        except Exception as problem:
            error = answers.translated(problem)
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.exception("The handler of %s failed.", frame.topic)
            self._complain(error, frame)

    def _asked(self, frame: Frame) -> topics.Topic:
        """Return the topic of a frame, and count that it was asked."""
        asked = topics.find(frame.topic)
        topics.ensure_not_too_often(self.connection, asked)
        return asked

    def _complain(self, problem: GatehouseError, frame: Frame | None) -> None:
        self.connection.last_error = str(problem)
        about = answers.plain(problem.fields)
        message = Message.error(problem.code, str(problem), frame, about, problem.extra)
        self.connection.hub.reply(self.connection, message)

    def _refuse(self, refused: Refused, frame: Frame) -> None:
        """Answer bad credentials; who was somebody before stays so, everybody else is closed."""
        connection, reason = self.connection, self._reason(refused)
        connection.hub.reply(connection, Message.error(REFUSALS.get(refused.code, NoPermission.code), reason, frame))
        if connection.identity is None:
            connection.close(refused.code, reason)

    def _reason(self, refused: Refused) -> str:
        return fit_reason(str(refused.message) or _(REASONS.get(refused.code) or "Closed."))

    def _say_who(self, identity: Identity | None) -> None:
        if identity is not self._told:
            self._told = identity
            context.set_user(_known_as(identity) if identity else None)


def _limits() -> Limits:
    return Limits(
        idle_seconds=settings.GATEWAY_IDLE_SECONDS,
        auth_seconds=settings.GATEWAY_AUTH_SECONDS,
        max_frame=settings.GATEWAY_MAX_FRAME,
        max_buffer=settings.GATEWAY_MAX_BUFFER,
        rate=settings.GATEWAY_RATE,
        max_tasks=settings.GATEWAY_MAX_TASKS,
        allow_guests=settings.GATEWAY_ALLOW_GUESTS,
    )


def _greeting(connection: Connection, identity: Identity | None) -> dict[str, Any]:
    limits = connection.limits
    rate, burst = limits.rate
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
            "calls": limits.max_tasks,
        },
    }


def _decoded(text: str | None, event: dict[str, Any]) -> Frame:
    if text is not None:
        return frames.decode(text)
    if NOT_UTF8 in event:
        raise BadClientFrame(_("This text is not UTF-8 at byte {position}."), position=event[NOT_UTF8])
    raise BadClientFrame(_("Binary frames are not understood here: send text."))


def _known_as(identity: Identity) -> context.Identity:
    departments = [one.partition(".")[2] for one in identity.groups if one.startswith("department.")]
    return context.Identity(
        user_id=identity.user_id,
        username=identity.username,
        name=identity.name,
        session_id=identity.session_id,
        machine=identity.machine,
        department_id=int(departments[0]) if len(departments) == 1 and departments[0].isdigit() else None,
        role_keys=tuple(sorted(one.removeprefix("role.") for one in identity.groups if one.startswith("role."))),
    )
