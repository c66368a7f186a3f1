"""One Gatehouse as several processes, as on several machines: two web nodes, a worker, a scheduler.

Each has a home of its own. They share what docs/operations.md says nodes share: the database, Redis, SECRET_KEY, and the
folders `media` and `private` of their homes.
"""

import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import kombu
import redis

from tests.clients import Caller
from tests.office import Office

SHARED_FOLDERS = ("media", "private")
PASSWORD = "Secret1word"


class Person:
    """Somebody of the house, who may sign in at any node."""

    def __init__(self, username: str, pk: int) -> None:
        self.username, self.pk = username, pk

    @property
    def credentials(self) -> dict[str, str]:
        return {"username": self.username, "password": PASSWORD}

    def sign_in(self, node: Office, device: str = "") -> Caller:
        """Sign in over a node's API."""
        return node.sign_in(self.username, PASSWORD, device)


class House:
    """Two nodes, `east` and `west`, and the parts in their background."""

    def __init__(self, folder: Path, *, background: bool = True, **settings: str) -> None:
        self.folder = folder
        # no idle time-out: what a test waits for may take longer
        given = {"SECRET_KEY": secrets.token_urlsafe(64), "REDIS_PREFIX": f"house-{secrets.token_hex(4)}"}
        self.settings = given | {"GATEWAY_IDLE_SECONDS": "0"} | settings
        self.east, self.west = self.part("east", "web"), self.part("west", "web")
        self.worker, self.beat = self.part("worker", "worker"), self.part("beat", "beat")
        self.background = (self.worker, self.beat) if background else ()
        self.hired = 0

    def part(self, name: str, only: str, *, shares: tuple[str, ...] = SHARED_FOLDERS, **settings: str) -> Office:
        """A process that has its own home, in which the shared folders are mounted."""
        home = self.folder / name
        home.mkdir()
        for shared in shares:
            (self.folder / shared).mkdir(exist_ok=True)
            (home / shared).symlink_to(self.folder / shared)
        return Office(home, "--only", only, "--port", "0", "--no-demo", **self.settings | settings)

    def __enter__(self) -> Self:
        with ExitStack() as when_one_fails:
            for part in self.parts:
                when_one_fails.push(part)
                part.start()  # all at once, on an empty database
            for part in self.parts:
                part.ready()
            when_one_fails.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        running = [part for part in self.parts if part.process.poll() is None]
        for part in running:
            part.process.terminate()
        for part in running:
            part.wait()
        sweep_out(self.settings)

    @property
    def nodes(self) -> tuple[Office, Office]:
        return self.east, self.west

    @property
    def parts(self) -> tuple[Office, ...]:
        return *self.nodes, *self.background

    def administrator(self, node: Office) -> Caller:
        """The first administrator, signed in at `node`; whichever node made the account told the password."""
        told = [part.administrator for part in self.parts if all(part.administrator)]
        return node.sign_in(*told[0])

    def hire(self) -> Person:
        """Make an account nobody else uses."""
        self.hired += 1
        username = f"member{self.hired:03}"
        given = {"username": username, "password": PASSWORD, "real_name": "小明"}
        answer = self.administrator(self.east).post("users/", given)
        assert answer.status_code == 201, answer.text
        return Person(username, answer.json()["id"])


def sweep_out(settings: dict[str, str]) -> None:
    """Leave nothing on the shared servers that begins with this installation's prefix."""
    prefix = settings["REDIS_PREFIX"]
    with redis.Redis.from_url(settings["REDIS_URL"]) as client:
        for key in list(client.scan_iter(f"{prefix}*", count=1000)):
            client.delete(key)
    broker = settings.get("CELERY_BROKER_URL", "")
    if broker.startswith("amqp"):
        with kombu.Connection(broker) as link:
            channel: Any = link.default_channel
            channel.queue_delete(prefix)
            channel.exchange_delete(prefix)
