"""One Gatehouse in parts, on a broker that is reached over a wire."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kombu
import redis
import requests

from tests.brokers.wire import Wire
from tests.clients import PATIENCE, until
from tests.office import Office

Errand = dict[str, Any]


class Parts:
    """A web node, a worker of two processes and a scheduler; any of them may be ended and begun again."""

    def __init__(self, folder: Path, wire: Wire, **settings: str) -> None:
        self.folder, self.wire = folder, wire
        self.settings = {
            "CELERY_BROKER_URL": wire.url,
            "DATABASE_URL": f"sqlite:///{folder / 'errands.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "tests.brokers.settings",
            "DJANGO_SUPERUSER_PASSWORD": "Gate-house-1",
            "REDIS_PREFIX": f"brokers-{secrets.token_hex(4)}",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "SHUTDOWN_SECONDS": "30",
            "WORKER_CONCURRENCY": "2",
        } | settings
        self.web, self.worker, self.beat = self.part("web"), self.part("worker"), self.part("beat")
        self._open = ExitStack()

    def part(self, only: str, name: str = "", **settings: str) -> Office:
        """A process with a home of its own."""
        given = self.settings | settings
        return Office(self.folder / (name or only), "--only", only, "--port", "0", "--no-demo", **given)

    def open(self) -> None:
        self._open.enter_context(self.web)  # first: two that migrate one SQLite from two homes meet
        for part in (self.worker, self.beat):
            self._open.push(part)
            part.start()
        for part in (self.worker, self.beat):
            part.ready()

    def close(self) -> None:
        """End what is open, and leave nothing on servers that others use."""
        self._open.close()
        name = self.settings["REDIS_PREFIX"]
        with redis.Redis.from_url(self.settings["REDIS_URL"]) as client:
            for key in client.scan_iter(f"{name}:*"):
                client.delete(key)
        if self.wire.url.startswith("amqp"):
            with kombu.Connection(self.wire.url) as link:
                channel: Any = link.default_channel
                channel.queue_delete(name)
                channel.exchange_delete(name)

    def ask(self, what: str = "quick", **how: Any) -> str:
        """Ask for an errand; return its id."""
        answer = requests.post(f"{self.web.url}/errands/", json={"what": what} | how, timeout=PATIENCE)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def ask_for_long(self) -> str:
        """Ask for one that lasts until `end`, and wait until somebody is at it."""
        errand = self.ask("long", may_end=False)
        self.wait(errand, lambda found: found["state"] == "under way")
        return errand

    def end(self, errand: str) -> None:
        """Let a long one end."""
        assert requests.get(f"{self.web.url}/errands/{errand}", timeout=PATIENCE).json()["found"]

    def wait(self, errand: str, wanted: Callable[[Errand], bool] = lambda found: found["state"] == "done") -> Errand:
        """Wait until an errand is as wanted: done, if nothing is said."""
        found: Errand = {}

        def look() -> bool:
            found.update(requests.get(f"{self.web.url}/errands/", timeout=PATIENCE).json()[errand])
            return wanted(found)

        until(look, f"errand {found}", seconds=90)
        return found


def process_of(errand: Errand) -> int:
    """The number of the process that is at it."""
    return int(errand["worker"].split(":")[-2])
