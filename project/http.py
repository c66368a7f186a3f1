"""uvicorn's HTTP protocol, with an end to its patience for those who never finish asking."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """One HTTP connection, until it becomes a WebSocket. Give it as `Config(http="project.http:Protocol")`.

    The head of a request has GATEWAY_HANDSHAKE_SECONDS, the first one from the connection's start, however slowly it
    drips in; else a few thousand half-opened connections would use up the process's sockets. A body has all the time
    it needs.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(settings.GATEWAY_HANDSHAKE_SECONDS, self.transport.close)

    def _head_is_here(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
