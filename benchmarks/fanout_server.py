"""What the fan-out benchmark measures: the same broadcast as Channels' documentation does it, and through our gateway.

python -m benchmarks.fanout_server stock|ours PORT_FILE
"""

import asyncio
import itertools
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

GROUP = "bench"
NUMBERS = itertools.count(1)


def listening() -> socket.socket:
    """Take any free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


def stock() -> tuple[Any, str]:
    """A consumer per socket, each a member of the group, sent to with `group_send`."""
    from channels.auth import AuthMiddlewareStack  # noqa: PLC0415 (Django must be set up first)
    from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: PLC0415 (likewise)
    from channels.routing import ProtocolTypeRouter  # noqa: PLC0415 (likewise)
    from channels.security.websocket import AllowedHostsOriginValidator  # noqa: PLC0415 (likewise)

    class Chat(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no type hints
        async def connect(self) -> None:
            await self.channel_layer.group_add(GROUP, self.channel_name)
            await self.accept()

        async def disconnect(self, code: int) -> None:
            await self.channel_layer.group_discard(GROUP, self.channel_name)

        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.channel_layer.group_send(GROUP, {"type": "chat.message", "text": text_data})

        async def chat_message(self, event: dict[str, Any]) -> None:
            await self.send(text_data=event["text"])

    application = AllowedHostsOriginValidator(AuthMiddlewareStack(Chat.as_asgi()))
    return ProtocolTypeRouter({"websocket": application}), "websockets-sansio"


def ours() -> tuple[Any, str]:
    """The product's own application; everybody is let in, nobody is limited."""
    from django.conf import settings  # noqa: PLC0415 (Django must be set up first)

    from project.asgi import application  # noqa: PLC0415 (likewise)
    from realtime import gateway  # noqa: PLC0415 (likewise)
    from realtime.core.connection import Connection  # noqa: PLC0415 (likewise)
    from realtime.topics import topic  # noqa: PLC0415 (likewise)

    settings.GATEWAY_AUTHENTICATORS = ["benchmarks.fanout_server.let_in"]
    settings.GATEWAY_SESSION_CHECK = settings.GATEWAY_ADDRESS_CHECK = settings.GATEWAY_PEOPLE_SEEN = ""
    settings.GATEWAY_RATE = settings.GATEWAY_USER_RATE = (10**6, 10**6)
    settings.GATEWAY_IDLE_SECONDS = 0

    @topic("bench.publish", prompt=True)
    async def publish(connection: Connection, data: str) -> None:
        await gateway.abroadcast("bench", data)

    return application, "realtime.server:Protocol"


async def let_in(credentials: Any) -> Any:
    """Give every socket a user of its own."""
    from realtime.core.connection import Identity  # noqa: PLC0415 (Django must be set up first)

    return Identity(next(NUMBERS))


async def serve(kind: str, told: Path) -> None:
    """Serve until the process ends."""
    from realtime import cluster  # noqa: PLC0415 (Django must be set up first)

    application, protocol = {"stock": stock, "ours": ours}[kind]()
    config = uvicorn.Config(
        application, ws=protocol, lifespan="off", log_config=None, access_log=False, ws_per_message_deflate=False
    )
    server = uvicorn.Server(config)
    listener = listening()
    if kind == "ours":
        await cluster.start()
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    told.with_suffix(".draft").write_text(str(listener.getsockname()[1]))
    told.with_suffix(".draft").rename(told)
    await serving
    await cluster.stop()


def main() -> None:
    """Set Django up and serve."""
    import logging  # noqa: PLC0415 (only as a process of its own)
    import resource  # noqa: PLC0415 (likewise)

    import django  # noqa: PLC0415 (likewise)

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    logging.disable(logging.WARNING)
    factory: Any = uvicorn.Config(None, loop="uvloop").get_loop_factory()  # type: ignore[arg-type]  # only its loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(sys.argv[1], Path(sys.argv[2])))


if __name__ == "__main__":
    main()
