"""People who sign in, and their programs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.test import Client

from accounts import services, sessions, tokens
from accounts.models import LoginSession, Role, User
from project.core import breaker, context
from tests.accounts.captchas import knock
from tests.core.redis_server import RedisServer

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def nobody_asking() -> Iterator[None]:
    """Each test begins without a context and with empty caches."""
    context.leave()
    for cache in caches.all():
        cache.clear()
    yield
    context.leave()


@pytest.fixture
def hire(db: None) -> Callable[..., User]:
    """Add a person whose password everybody here knows."""

    def add(username: str, **fields: Any) -> User:
        return services.create_user(by=None, username=username, password=PASSWORD, **fields)

    return add


@pytest.fixture
def mei(hire: Callable[..., User]) -> User:
    """An employee."""
    return hire("meiling", real_name="小明")


@pytest.fixture
def hans(hire: Callable[..., User]) -> User:
    """Another employee."""
    return hire("hansmeier", real_name="Hans")


@pytest.fixture
def boss(hire: Callable[..., User]) -> User:
    """A superuser."""
    return hire("theboss", is_staff=True, is_superuser=True)


@pytest.fixture
def role(db: None) -> Callable[..., Role]:
    """Make a role of some rank that may do what is named."""

    def make(key: str, rank: int, *permissions: str) -> Role:
        codenames = [name.partition(".")[2] for name in permissions]
        granted = Permission.objects.filter(codename__in=codenames)
        return services.create_role(by=None, key=key, name=f"Role {key}", rank=rank, permissions=granted)

    return make


@pytest.fixture
def clerk(hire: Callable[..., User], role: Callable[..., Role]) -> User:
    """Staff of rank 50 who looks after people."""
    powers = [f"accounts.{what}_user" for what in ("view", "add", "change", "delete")]
    office = role("clerks", 50, *powers, "accounts.end_loginsession")
    return hire("theclerk", is_staff=True, roles=[office])


@pytest.fixture
def redis(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    """A Redis of this test's own, and everything kept in it."""
    server = RedisServer(tmp_path).start()
    settings.CACHES = {
        "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": server.url},
        "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": server.url},
    }
    yield server
    server.stop()
    if of_loops := breaker.find("redis-state-loop"):
        of_loops.reset()


class Program:
    """Somebody's program calling the API."""

    def __init__(self) -> None:
        self._client = Client(raise_request_exception=False)
        self.tokens: dict[str, Any] = {}

    def sign_in(self, user: User, password: str = PASSWORD, **more: Any) -> "Program":
        answer = self.knock({"username": user.username, "password": password}, **more)
        assert answer.status_code == 200, answer.content
        self.tokens = answer.json()
        return self

    def sign_in_from(self, user: User, user_agent: str, device: str = "") -> "Program":
        """Sign in with a program that says what it is, and what the person calls it."""
        given = {"username": user.username, "password": PASSWORD, "device": device}
        answer = self.knock(given, headers={"user-agent": user_agent})
        assert answer.status_code == 200, answer.content
        self.tokens = answer.json()
        return self

    def knock(self, body: dict[str, Any], **more: Any) -> Any:
        """Try to sign in; solve the captcha if one is asked for."""
        return knock(self.post, body, **more)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = {"accept-language": "en"} | more.pop("headers", {})
        if self.tokens:
            headers = {"authorization": f"Bearer {self.tokens['access']}"} | headers
        address = path if path.startswith("/") else f"/api/v1/{path}"
        data = {"data": body, "content_type": "application/json"} if body is not None else {}
        return self._client.generic(method, address, headers=headers, **(self._written(data) | more))

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", path, {} if body is None else body, **more)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def refresh(self, token: str | None = None) -> Any:
        return self.post("auth/refresh", {"refresh": token or self.tokens["refresh"]})

    def _written(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data:
            return {}
        body = data["data"]
        return data if isinstance(body, bytes) else data | {"data": json.dumps(body).encode()}


@pytest.fixture
def program() -> Callable[[], Program]:
    """Start a program that nobody has signed in with."""
    return Program


@pytest.fixture
def phone_of(program: Callable[[], Program]) -> Callable[[User], Program]:
    """Start a program that somebody signs in with."""
    return lambda user: program().sign_in(user)


@pytest.fixture
def open_session() -> Callable[..., LoginSession]:
    """Sign somebody in without asking for a password."""
    return lambda user, scope="api", **more: sessions.open(user=user, scope=scope, **more)


@pytest.fixture
def in_as(program: Callable[[], Program], open_session: Callable[..., LoginSession]) -> Callable[[User], Program]:
    """Start a program that somebody is signed in with, without asking for a password."""

    def act(user: User) -> Program:
        one = program()
        one.tokens = {"access": tokens.access(open_session(user))}
        return one

    return act


def code_of(answer: Any) -> tuple[int, str]:
    """Status and error code of an answer."""
    return answer.status_code, answer.json()["error"]["code"]


def fields_of(answer: Any) -> set[str]:
    """Which fields an answer found fault with."""
    assert code_of(answer) == (400, "10000"), answer.content
    return set(answer.json()["error"].get("fields", {}))
