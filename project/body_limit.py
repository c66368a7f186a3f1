"""A bound on request bodies, before anybody keeps them.

Django spools a whole body to disk before its first middleware runs, so the bound stands in front of it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from project.core.middleware import TOO_LARGE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
ENDED: Message = {"type": "http.request", "body": b"", "more_body": False}


class BodyLimit:
    """Ends a body as soon as it is known to be too large, and marks the request for a 413 that names `limit` bytes.

    :param envelope: bytes beyond the limit that are let through: what a multipart form adds around a file.
    """

    def __init__(self, application: Application, limit: int, *, envelope: int) -> None:
        self.application = application
        self.told, self.limit = limit, limit + envelope

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        left = self.limit
        ended = False

        async def bounded() -> Message:
            nonlocal left, ended
            if scope.get(TOO_LARGE) and not ended:
                ended = True
                return ENDED
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                left -= len(message.get("body", b""))
                if left < 0 and not ended:
                    ended, scope[TOO_LARGE] = True, self.told
                    return ENDED
                if not ended:
                    return message  # once ended, what is still to come is read and dropped

        if _declared(scope) > self.limit:
            scope[TOO_LARGE] = self.told
        await self.application(scope, bounded, send)


def _declared(scope: Message) -> int:
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(given) if given.isdigit() else 0
