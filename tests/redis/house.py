"""Two web nodes on one database, and a Redis of their own behind a line that can be bad."""

import secrets
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.clients import Caller, until
from tests.core.redis_server import RedisServer
from tests.office import Office
from tests.redis.proxy import Proxy

PASSWORD = "Secret1word"  # nobody's


class House:
    """`east` and `west`. People may be signed in several times, so that tests can share the administrator."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.server = RedisServer(folder)
        self.line = Proxy(self.server)
        self._settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'house.sqlite3'}",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "REDIS_URL": self.line.url,
            "MULTI_LOGIN": "true",
            "LANGUAGE_CODE": "en",
            "GATEWAY_IDLE_SECONDS": "0",
            "CAPTCHA_AFTER_FAILURES": "-1",
        } | settings
        self.east, self.west = self.node("east"), self.node("west")
        self._hired = 0
        self._open = ExitStack()

    def node(self, name: str, **settings: str) -> Office:
        """A further web process of the house."""
        return Office(self.folder / name, "--only", "web", "--port", "0", "--no-demo", **self._settings | settings)

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.callback(self.server.stop)
            self.server.start()
            opening.enter_context(self.line)
            opening.enter_context(self.east)
            opening.enter_context(self.west)
            self._open = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._open.close()

    @property
    def administrator(self) -> tuple[str, str]:
        return self.east.administrator

    def hire(self) -> str:
        """Make an account nobody else uses; return its user name."""
        self._hired += 1
        name = f"member{self._hired:03}"
        answer = self.east.sign_in().post("users/", {"username": name, "password": PASSWORD, "real_name": "小明"})
        assert answer.status_code == 201, answer.text
        return name

    def is_ready(self) -> bool:
        """Do both nodes say that all they stand on answers, and reach each other?"""
        return all(one.visitor().get("/readyz").status_code == 200 for one in (self.east, self.west))

    def until_ready(self) -> None:
        until(self.is_ready, "both nodes are ready")

    def as_seen_from(self, node: Office, caller: Caller) -> Caller:
        """The same person with the same tokens, calling another node."""
        seen = Caller(node.url)
        seen.tokens = caller.tokens
        return seen
