"""Who is asking, from where, in which module: the request context, for HTTP, WebSocket and Celery alike.

    context.init(module="api", ip="203.0.113.7")     # first in the chain: middleware, socket consumer, task signal
    context.set_user(Identity(user_id=7, username="mei"))
    context.get_user_id()                            # anywhere below, in any function, sync or async; 0 when unset

It carries what belongs to the whole chain and nothing else: never a method's own parameters. It lives as long as the
request and refuses to be pickled or serialised. Unset reads answer None, 0 or "" and never raise; setters without a
context log a warning and return.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Never

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

log = structlog.get_logger(__name__)

MODULES = frozenset({"admin", "api", "console", "websocket", "task"})
DEFAULT_MODULE = "default"


@dataclass(frozen=True)
class Identity:
    """The person behind a request, as far as everybody may know."""

    user_id: int
    username: str = ""
    name: str = ""
    avatar: str = ""
    session_id: str = ""
    department_id: int | None = None
    role_keys: tuple[str, ...] = ()
    actor_id: int | None = None
    """Who really acts, when somebody impersonates this person."""
    machine: str = ""
    """The API token that asks for this person, as people know it; empty when they ask themselves."""


@dataclass(eq=False)
class Context:
    """One request, socket or task. The same object for the whole chain, so later code adds to it."""

    module: str = DEFAULT_MODULE
    addon: str = ""
    user: Identity | None = None
    data: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
    language_code: str = ""
    _read_session: Callable[[], Any] | None = field(default=None, repr=False)

    @property
    def session(self) -> Any:
        """The Django session, read only when somebody asks; None where there is none (tasks, tokens)."""
        return self._read_session() if self._read_session else None

    @property
    def language(self) -> str:
        """The language to answer in: the one set here, else the active one."""
        return self.language_code or translation.get_language() or settings.LANGUAGE_CODE

    def detached(self) -> "Context":
        """Return a copy that may outlive the request: its values, without its session."""
        return Context(
            module=self.module,
            addon=self.addon,
            user=self.user,
            data=dict(self.data),
            request_id=self.request_id,
            ip=self.ip,
            user_agent=self.user_agent,
            language_code=self.language,
        )

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError(
            "A request context lives as long as its request and cannot be stored; pass the values you need."
        )


_current: ContextVar[Context | None] = ContextVar("gatehouse_context", default=None)


def init(
    *,
    module: str = DEFAULT_MODULE,
    request_id: str = "",
    ip: str = "",
    user_agent: str = "",
    language: str = "",
    user: Identity | None = None,
    session: Callable[[], Any] | None = None,
) -> Context:
    """Begin a context; it replaces the present one. Call it before anything else reads or writes one."""
    context = Context(
        module=module,
        request_id=request_id or new_request_id(),
        ip=ip,
        user_agent=user_agent,
        language_code=language,
        user=user,
        _read_session=session,
    )
    _current.set(context)
    return context


def new_request_id() -> str:
    return secrets.token_hex(16)


def current() -> Context | None:
    return _current.get()


def leave(back_to: Context | None = None) -> None:
    """End the present context."""
    _current.set(back_to)


@contextmanager
def entered(context: Context | None) -> Iterator[Context | None]:
    """Make `context` the present one for a while."""
    before = _current.get()
    _current.set(context)
    try:
        yield context
    finally:
        _current.set(before)


def detach() -> Context:
    """Copy the present context for background work; without one, an empty context."""
    context = current()
    return context.detached() if context else Context()


def set_user(user: Identity | None) -> None:
    """Say who is asking. Overwrites wholly: nothing of an earlier identity stays."""
    if context := _to_write("user"):
        context.user = user


def set_module(module: str) -> None:
    if context := _to_write("module"):
        context.module = module


def set_addon(addon: str) -> None:
    if context := _to_write("addon"):
        context.addon = addon


def set_data(key: str, value: Any) -> None:
    """Keep something for the rest of the chain."""
    if context := _to_write("data"):
        context.data[key] = value


def get_user() -> Identity | None:
    context = current()
    return context.user if context else None


def get_user_id() -> int:
    user = get_user()
    return user.user_id if user else 0


def get_username() -> str:
    user = get_user()
    return user.username if user else ""


def get_role_key() -> str:
    """Return the first of the user's role keys."""
    user = get_user()
    return user.role_keys[0] if user and user.role_keys else ""


def get_module() -> str:
    context = current()
    return context.module if context else ""


def get_addon() -> str:
    context = current()
    return context.addon if context else ""


def is_addon_request() -> bool:
    return bool(get_addon())


def get_data(key: str) -> Any:
    context = current()
    return context.data.get(key) if context else None


def get_request_id() -> str:
    context = current()
    return context.request_id if context else ""


def get_ip() -> str:
    context = current()
    return context.ip if context else ""


def in_templates(request: HttpRequest) -> dict[str, Any]:
    """Context processor: templates read the context as `Context`."""
    return {"Context": current()}


def _to_write(what: str) -> Context | None:
    context = current()
    if context is None:
        log.warning("context.missing", setting=what)
    return context
