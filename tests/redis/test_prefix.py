"""Two installations share a Redis without meeting: whatever the product writes begins with its prefix."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis

from tests.clients import PATIENCE, until
from tests.core.redis_server import RedisServer
from tests.office import Office

OF_CHANNELS = {"PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE"}
PREFIX = "our-own"


class Ear:
    """Hears every command a server is given by others."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.heard: list[list[str]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        with self.server.operator() as client, client.monitor() as monitor:
            thread = threading.Thread(target=self._listen, args=(monitor,), daemon=True)
            thread.start()
            yield
            self.server.order("ECHO", "enough")
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _listen(self, monitor: Any) -> None:
        with suppress(redis.ConnectionError):
            for found in monitor.listen():
                words = found["command"].split(" ")
                if words[:2] == ["ECHO", "enough"]:
                    return
                if found["client_type"] != "lua":
                    self.heard.append(words)

    def names(self) -> set[tuple[str, str]]:
        """Return each command with each key or channel it named."""
        found = set()
        with self.server.operator() as client:
            for words in self.heard:
                command = words[0].upper()
                if command in OF_CHANNELS:
                    names = words[1:2] if command == "PUBLISH" else words[1:]
                else:
                    names = keys(client, words)
                found |= {(command, name) for name in names}
        return found


def keys(client: "redis.Redis", words: list[str]) -> list[str]:
    """Return which words of a command are keys, as Redis itself says."""
    try:
        found: Any = client.command_getkeys(*words)
        return list(found)
    except redis.ResponseError:
        return []  # a command without any


def test_everything_in_redis_begins_with_the_prefix(redis_server, tmp_path):
    ear = Ear(redis_server)
    with ear.listening(), Office(tmp_path / "home", REDIS_URL=redis_server.url, REDIS_PREFIX=PREFIX) as office:
        boss = office.sign_in()
        assert boss.get("auth/me").status_code == 200
        with boss.socket() as line:
            line.ask("join", {"group": "public.lobby"})
            assert boss.post("realtime/messages", {"to": {"all": True}, "topic": "t", "data": 1}).status_code == 202
            line.next("t")
            assert boss.get("realtime/connections").status_code == 200
        job = boss.post("exports/", {"resource": "users", "format": "xlsx"}).json()["id"]
        until(lambda: boss.get(f"exports/{job}").json()["state"] == "done", "the worker made the export")
        assert office.visitor().get("/readyz").status_code == 200
        browser = office.visitor()
        assert browser.get("/admin/login/").status_code == 200
        assert boss.post("auth/logout").status_code == 204
        kept = redis_server.order("KEYS", "*")

    names = ear.names()
    assert {command for command, _ in names} >= {
        "SET",
        "GETEX",
        "GETDEL",
        "HSET",
        "ZADD",
        "PUBLISH",
        "SUBSCRIBE",
        "BRPOP",
    }
    assert [one for one in sorted(names) if not one[1].startswith(f"{PREFIX}:")] == []
    assert [key for key in kept if not key.startswith(f"{PREFIX}:")] == []
