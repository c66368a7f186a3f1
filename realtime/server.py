"""uvicorn's WebSocket protocol with what the gateway needs below ASGI. Give it as `Config(ws="realtime.server:Protocol")`.

- raw writes: the hub encodes a frame once and writes it to every transport;
- client pings count as heartbeats, which ASGI does not show;
- a reader that is stuck holds up nobody: neither a close nor the drain at shutdown;
- tickets leave the URL before anything can log it.
"""

import logging
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from realtime.core.codes import CloseCode
from realtime.transport.calls import NOT_UTF8
from realtime.transport.consumer import WIRE
from realtime.transport.handshake import TICKET, value_of

# the library would say of each socket that it opened and closed; uvicorn says the first already, and a line costs a fifth
# of a handshake
_library = logging.getLogger(f"{__name__}.library")
_library.setLevel(logging.WARNING)

STUCK_SECONDS = 2.0
"""How long a reader has to take what is unsent once its socket closes."""
LINGER_SECONDS = 1.0
"""How long a client that broke a limit may still send before it is cut: time to read why."""
AHEAD = 8
AHEAD_BYTES = 4096
"""A client that sends this many messages, or a larger one, before they are looked at is read no further meanwhile."""
ACKNOWLEDGED = slice(120, 128)
"""Where Linux' tcp_info says how many bytes the other side has confirmed."""
KERNEL_BYTES = 131_072
"""What the kernel may hold unsent of a socket; by itself it would let that grow to megabytes for one who does not read."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: forget what the kernel holds unsent (up to 4 MB) when the socket is cut."""


def _nothing() -> None:
    pass


def _no_words(code: int) -> str:
    return ""


class Protocol(WebSocketsSansIOProtocol):
    """One WebSocket on uvicorn; also the `Wire` of its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.max_message_size = settings.GATEWAY_MAX_FRAME
        self.conn.logger = _library
        self.conn.debug = False  # it would log requests with their tickets and tokens
        self.pinged: Callable[[], object] = _nothing
        """Called for each ping of the client."""
        self.leaving: Callable[[], object] = _nothing
        """Called before the server's own goodbye, to let out what still waits."""
        self.reason: Callable[[int], str] = _no_words
        """Says what a close code means, in the client's language."""
        self.conn.fail = self._fail  # type: ignore[method-assign]  # a hook that the library does not have
        self.failed = False

    def forget_handshake(self) -> None:
        """Let go of what only the handshake needed, secrets among it: two KiB of each connection."""
        del self.request, self.response
        self.scope["headers"] = []

    # what the hub uses

    def offer(self, frame: bytes, limit: int) -> bool:
        """Write whole frames, unless more than `limit` bytes are unsent already."""
        transport = self.transport
        if transport.get_write_buffer_size() > limit:
            return False
        if not self.close_sent and not self.disconnected:
            transport.write(frame)
        return True

    def unsent(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def taken(self) -> int:
        if not hasattr(socket, "TCP_INFO"):
            return -self.unsent()
        with suppress(OSError, AttributeError):
            info = self.transport.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, ACKNOWLEDGED.stop
            )
            return int.from_bytes(info[ACKNOWLEDGED], sys.byteorder)
        return 0

    def close(self, code: int, reason: str) -> None:
        """Say goodbye behind what was sent before, and cut who does not take it."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        with suppress(InvalidState):
            self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
        self.loop.call_later(STUCK_SECONDS, self._cut_if_stuck)

    def abort(self) -> None:
        """Cut the connection; what is unsent is forgotten, by the kernel too."""
        if not self.disconnected:
            raw = self.transport.get_extra_info("socket")
            with suppress(OSError, AttributeError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()

    def _cut_if_stuck(self) -> None:
        if self.unsent():
            self.abort()

    # what uvicorn calls

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        with suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is None:
            return
        scope["extensions"][WIRE] = self
        if ticket := value_of("ticket", scope["query_string"]):
            scope["extensions"][TICKET] = ticket
            shown = [(name, "-" if name == "ticket" else value) for name, value in _pairs(scope["query_string"])]
            scope["query_string"] = urlencode(shown).encode()

    def data_received(self, data: bytes) -> None:
        if not self.failed:
            super().data_received(data)

    def handle_ping(self) -> None:
        super().handle_ping()
        self.pinged()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; a text that is not UTF-8 becomes an error frame instead of the end.

        uvicorn stops reading after each message; here only a client that is well ahead makes it stop, which saves two
        system calls a message.
        """
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        event: Any = {"type": "websocket.receive"}
        if self.curr_msg_data_type == "bytes":
            event["bytes"] = data
        else:
            try:
                event["text"] = data.decode()
            except UnicodeDecodeError as bad:
                event |= {"bytes": bytes(data), NOT_UTF8: bad.start}
        self.queue.put_nowait(event)
        if not self.read_paused and (len(data) > AHEAD_BYTES or self.queue.qsize() >= AHEAD):
            self.read_paused = True
            self.transport.pause_reading()

    def _fail(self, code: int, reason: str = "") -> None:
        """End it for what the client did; the library would give its own reason, in English."""
        words = self.reason(code) if code == CloseCode.FRAME_TOO_LARGE else ""
        type(self.conn).fail(self.conn, code, words or reason)

    def handle_parser_exception(self) -> None:
        """A limit or the protocol was broken: say why, then wait a moment, or the reset overtakes the reason."""
        self.failed = True
        broken = self.conn.close_sent
        if broken is not None:
            event: Any = {"type": "websocket.disconnect", "code": broken.code, "reason": broken.reason}
            self.queue.put_nowait(event)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        self.loop.call_later(LINGER_SECONDS + STUCK_SECONDS, self._cut_if_stuck)

    def keepalive_timeout(self) -> None:
        """Let go of a client that answers no ping; one that is not there takes no goodbye either."""
        super().keepalive_timeout()
        self.loop.call_later(STUCK_SECONDS, self.abort)

    def eof_received(self) -> None:
        if self.failed:
            self.transport.close()

    def shutdown(self) -> None:
        """Drain: 1012 for the client, and two seconds to take it."""
        self.leaving()
        if self.handshake_complete:
            self.close(CloseCode.SERVER_RESTARTING, self.reason(CloseCode.SERVER_RESTARTING))
        super().shutdown()
        self.loop.call_later(STUCK_SECONDS, self.abort)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=20)
