"""Staff in front of the back office, and the company they look after."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.test import Client

from accounts import services
from accounts.models import Role, User
from project import demo
from project.core import context

PASSWORD = "correct horse battery"
SILENT = {"script", "style", "code", "pre", "svg", "kbd"}
SILENT_CLASSES = ("material-symbols-outlined", "gh-mono", "gh-avatar")
SPOKEN_ATTRIBUTES = {"placeholder", "title", "aria-label", "alt", "data-label"}


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
def role(db: None) -> Callable[..., Role]:
    """Make a role of some rank that may do what is named."""

    def make(key: str, rank: int, *permissions: str) -> Role:
        granted = [
            one
            for one in Permission.objects.select_related("content_type")
            if f"{one.content_type.app_label}.{one.codename}" in permissions
        ]
        assert len(granted) == len(permissions)
        return services.create_role(by=None, key=key, name=f"Role {key}", rank=rank, permissions=granted)

    return make


@pytest.fixture
def boss(hire: Callable[..., User]) -> User:
    """A superuser."""
    return hire("theboss", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk(hire: Callable[..., User], role: Callable[..., Role]) -> User:
    """Staff of rank 50 who looks after people."""
    powers = [f"accounts.{deed}_user" for deed in ("view", "add", "change", "delete")]
    office = role("clerks", 50, *powers, "accounts.view_loginsession", "accounts.end_loginsession")
    return hire("theclerk", is_staff=True, real_name="Clara", roles=[office])


@pytest.fixture
def porter(hire: Callable[..., User]) -> User:
    """Staff without any permission."""
    return hire("theporter", is_staff=True)


@pytest.fixture
def mei(hire: Callable[..., User]) -> User:
    """An employee."""
    return hire("meiling", real_name="小明")


@pytest.fixture
def company(boss: User) -> None:
    """A small invented company, besides the boss."""
    demo.load(number=60, force=True)


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """Sign somebody in to the back office."""

    def sign_in(user: User, language: str = "en") -> Client:
        client = Client(headers={"accept-language": language})
        answer = client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
        assert answer.status_code == 302, texts(answer.content.decode())
        return client

    return sign_in


class Reader(HTMLParser):
    """Collects what a person reads or hears on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [given[name] for name in SPOKEN_ATTRIBUTES & given.keys()]
        shown = any(name in given.get("class", "") for name in SILENT_CLASSES)
        if tag in {"br", "img", "input", "link", "meta", "hr", "path", "rect", "line"}:
            return
        if self._silent or tag in SILENT or shown:
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())


def texts(html: str) -> list[str]:
    """Return the texts of a page, icons and code apart."""
    reader = Reader()
    reader.feed(html)
    return reader.found


def flat(html: str) -> str:
    """Return a page's text in one line."""
    return re.sub(r"\s+", " ", " ".join(texts(html)))
