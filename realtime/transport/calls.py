"""Calls: what a client's frames ask for. Each is read, handled under a context of its own, and answered."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _

from project.core import context
from project.core.api import answers
from project.core.errors import GatehouseError, NoPermission, NotAcceptable, NotSignedIn
from realtime import cluster, hooks, tap, topics
from realtime.core import frames, packed
from realtime.core.codes import REASONS, CloseCode, Refused, fit_reason
from realtime.core.connection import Connection, Identity
from realtime.core.frames import BadFrame, Frame, Message
from realtime.errors import BadClientFrame, TooBusy
from realtime.transport.handshake import MSGPACK

log = logging.getLogger(__name__)

NOT_UTF8 = "gateway.not_utf8"
"""In a received event: at which byte a text frame stops being UTF-8."""
DISPLACED = "20001"
REFUSALS: dict[int, str] = {
    CloseCode.NOT_AUTHENTICATED: NotSignedIn.code,
    CloseCode.SESSION_ENDED: NotSignedIn.code,
    CloseCode.DISPLACED: DISPLACED,
}
"""What an error frame says where a socket would close with these; for all others it is 10009."""


class Calls:
    """The calls of one connection; one that `packs` speaks MessagePack."""

    def __init__(self, connection: Connection, *, packs: bool) -> None:
        self.connection, self.packs = connection, packs
        self._known: tuple[Identity | None, context.Identity | None] = (None, None)

    async def read(self, event: dict[str, Any]) -> None:
        """Take one frame as the server received it."""
        frame: Frame | None = None
        try:
            frame = self._decoded(event)
            hooks.heard(self.connection, frame)
            if tap.taps:
                tap.heard(self.connection, frame, len(event.get("text") or event.get("bytes") or b""))
            asked = None if hooks.registered.routes else self._asked(frame)
            if asked and asked.prompt:
                await self._answer(asked, frame, self.connection.received)
            else:
                self._start(asked, frame)
        except BadFrame as bad:
            self._complain(BadClientFrame(_(bad.message), **bad.params), bad.frame)
        except GatehouseError as problem:
            self._complain(problem, frame)

    def _decoded(self, event: dict[str, Any]) -> Frame:
        text = event.get("text")
        if self.packs:
            if text is not None or NOT_UTF8 in event:
                raise BadClientFrame(_("This connection speaks MessagePack: send binary frames."))
            return packed.decode(event["bytes"])
        if text is not None:
            return frames.decode(text)
        if NOT_UTF8 in event:
            raise BadClientFrame(_("This text is not UTF-8 at byte {position}."), position=event[NOT_UTF8])
        problem = _("This connection speaks JSON: send text frames, or connect with the sub-protocol {name}.")
        raise BadClientFrame(problem, name=MSGPACK)

    def _asked(self, frame: Frame) -> topics.Topic:
        """Return the topic of a frame, and count that it was asked."""
        asked = topics.find(frame.topic)
        topics.ensure_not_too_often(self.connection, asked)
        return asked

    def _start(self, asked: topics.Topic | None, frame: Frame) -> None:
        """Let a handler run beside the loop, so that it can never hold up a ping, a kick or the next frame.

        :raises TooBusy: when enough of this connection's calls are running.
        """
        running = self.connection.tasks
        if len(running) >= self.connection.limits.max_tasks:
            raise TooBusy(limit=self.connection.limits.max_tasks)
        task = asyncio.create_task(self._answer(asked, frame, self.connection.received))
        running.add(task)
        task.add_done_callback(running.discard)

    async def _answer(self, asked: topics.Topic | None, frame: Frame, number: int) -> None:
        """Let a topic's handler answer a frame; without a topic, the route hooks first."""
        connection, outside = self.connection, context.current()
        self._enter(number)
        try:
            answer = hooks.PASS if asked else await hooks.routed(connection, frame)
            if answer is hooks.PASS:
                asked = asked or self._asked(frame)
                await topics.ensure_may_ask(connection, asked)
                answer = await topics.answer(asked, connection, frame.data)
            if frame.id is not frames.MISSING:
                self._reply(frame, answer)
        except Refused as refused:
            self._refuse(refused, frame)
        except Exception as problem:  # noqa: BLE001 (whatever it is, it is answered)
            self._fail(problem, frame)
        finally:
            context.leave(outside)

    def _enter(self, number: int) -> None:
        """Begin the context of one frame: who asks by now, under a trace id of its own.

        The id is the connection's, without its node, and the number of the frame.
        """
        connection, peer = self.connection, self.connection.peer
        context.init(
            module="websocket",
            request_id=f"{connection.id[-16:]}{number:016x}",
            ip=peer.address,
            user_agent=peer.user_agent,
            language=peer.language,
            user=self._who_asks(connection.identity),
        )

    def _who_asks(self, identity: Identity | None) -> context.Identity | None:
        if identity is not self._known[0]:
            self._known = identity, known_as(identity)
        return self._known[1]

    def _reply(self, frame: Frame, answer: Any) -> None:
        if isinstance(answer, frames.BYTES) and not self.packs:
            raise NotAcceptable(_("The answer is binary: connect with the sub-protocol {name}."), name=MSGPACK)
        self.connection.hub.reply(self.connection, Message.reply(frame, answer, cluster.to_json))

    def _fail(self, problem: Exception, frame: Frame) -> None:
        """Answer as the API would; what is our side's fault is logged, under the id that the client is told."""
        error = answers.translated(problem)
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("The handler of %s failed.", frame.topic, exc_info=problem)
            self._complain(error, frame, request_id=context.get_request_id())
        else:
            self._complain(error, frame)

    def _complain(self, problem: GatehouseError, frame: Frame | None, **more: str) -> None:
        connection, message = self.connection, str(problem)
        connection.last_error = message
        fields = answers.plain(problem.fields)
        connection.hub.reply(connection, Message.error(problem.code, message, frame, fields, problem.extra | more))

    def _refuse(self, refused: Refused, frame: Frame) -> None:
        """Answer bad credentials; who was somebody before stays so, everybody else is closed."""
        connection, why = self.connection, reason(refused)
        code = REFUSALS.get(refused.code, NoPermission.code)
        said = str(NotSignedIn()) if code == NotSignedIn.code and not refused.message else why
        connection.last_error = said
        connection.hub.reply(connection, Message.error(code, said, frame))
        if connection.identity is None:
            connection.close(refused.code, why)


def reason(refused: Refused) -> str:
    """Return why somebody was refused, as a close frame can say it."""
    return fit_reason(str(refused.message) or _(REASONS.get(refused.code) or "Closed."))


def known_as(identity: Identity | None) -> context.Identity | None:
    """Return how the request context names whoever a connection is bound to."""
    if identity is None:
        return None
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
