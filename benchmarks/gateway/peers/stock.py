"""Stock Channels, as its documentation has it: a consumer for each socket, each a member of the group.

    python -m benchmarks.gateway.peers.stock prepare DATABASE NUMBER FILE
    python -m benchmarks.gateway.peers.stock serve DATABASE LAYER REDIS PORT

`prepare` makes a database with people who are signed in and writes their session keys into a file. LAYER is `memory`,
`core` or `pubsub`.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

GROUP = "bench"
LAYERS = {
    "memory": "channels.layers.InMemoryChannelLayer",
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}


def configure(database: str, layer: str = "memory", redis: str = "") -> None:
    """Settings of a small Django project."""
    options: dict[str, Any] = {"capacity": 1_000_000}  # the default of 100 would lose most of a broadcast
    if layer != "memory":
        options["hosts"] = [{"address": redis, "socket_timeout": 15}]
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "channels"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        CHANNEL_LAYERS={"default": {"BACKEND": LAYERS[layer], "CONFIG": options}},
        LOGGING_CONFIG=None,
    )
    importlib.import_module("django").setup()


def prepare(database: str, number: int, file: Path) -> None:
    """Make people, and sign them in."""
    configure(database)
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    auth = importlib.import_module("django.contrib.auth")
    store = importlib.import_module("django.contrib.sessions.backends.db").SessionStore
    model = auth.get_user_model()
    model.objects.bulk_create(model(username=f"bench{one:05}", password="!") for one in range(number))
    keys = []
    with importlib.import_module("django.db").transaction.atomic():
        for user in model.objects.all():
            session = store()
            session[auth.SESSION_KEY] = str(user.pk)
            session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            keys.append(session.session_key)
    file.write_text("".join(f"{key}\n" for key in keys))


def application() -> Any:
    """The tutorial's chat, and an echo."""
    routing = importlib.import_module("channels.routing")
    consumer: Any = importlib.import_module("channels.generic.websocket").AsyncWebsocketConsumer
    path = importlib.import_module("django.urls").path

    class Chat(consumer):  # type: ignore[misc]  # Channels has no type hints
        async def connect(self) -> None:
            await self.channel_layer.group_add(GROUP, self.channel_name)
            await self.accept()

        async def disconnect(self, code: int) -> None:
            await self.channel_layer.group_discard(GROUP, self.channel_name)

        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.channel_layer.group_send(GROUP, {"type": "chat.message", "text": text_data})

        async def chat_message(self, event: dict[str, Any]) -> None:
            await self.send(text_data=event["text"])

    class Echo(consumer):  # type: ignore[misc]  # likewise
        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.send(text_data=text_data)

    urls = routing.URLRouter([path("ws/", Chat.as_asgi()), path("echo/", Echo.as_asgi())])
    people = importlib.import_module("channels.auth").AuthMiddlewareStack(urls)
    guarded = importlib.import_module("channels.security.websocket").AllowedHostsOriginValidator(people)
    return routing.ProtocolTypeRouter({"websocket": guarded})


def serve(database: str, layer: str, redis: str, port: int) -> None:
    """Serve until the process ends."""
    configure(database, layer, redis)
    importlib.import_module("uvicorn").run(
        application(),
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    what, given = sys.argv[1], sys.argv[2:]
    if what == "prepare":
        prepare(given[0], int(given[1]), Path(given[2]))
    else:
        serve(given[0], given[1], given[2], int(given[3]))
