"""python-socketio on uvicorn: `python -m benchmarks.gateway.peers.python_socketio PORT`."""

import importlib
import sys
from typing import Any

ROOM = "bench"


def main(port: int) -> None:
    """Serve until the process ends."""
    socketio: Any = importlib.import_module("socketio")  # installed beside this file, not with the product
    server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], ping_interval=600)

    async def connect(sid: str, environ: dict[str, Any]) -> None:
        await server.enter_room(sid, ROOM)

    async def publish(sid: str, data: Any) -> None:
        await server.emit("bench", data, room=ROOM)

    server.on("connect", connect)
    server.on("publish", publish)
    importlib.import_module("uvicorn").run(
        socketio.ASGIApp(server),
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
