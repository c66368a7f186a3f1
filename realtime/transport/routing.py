"""Where sockets go: /ws/ to the gateway, any other path to a clean refusal."""

from collections.abc import Awaitable, Callable
from typing import Any

from realtime.transport.consumer import GatewayConsumer

PATHS = frozenset({"/ws/", "/ws"})
_gateway = GatewayConsumer.as_asgi()


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """The ASGI application for WebSockets."""
    if scope["path"].removeprefix(scope.get("root_path", "")) in PATHS:
        await _gateway(scope, receive, send)
        return
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "websocket.http.response.start", "status": 404, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"There is no socket here; see /ws/.\n"})
    else:
        await send({"type": "websocket.close", "code": 4404})
