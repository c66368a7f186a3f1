"""What an app may hang into the gateway, from its `topics.py`:

    @on_open
    async def greet(connection: Connection) -> None: ...            # it is bound and reachable

    @on_close
    def note(connection: Connection, ending: Ending) -> None: ...   # who it was can still be read

    @on_message
    def count(connection: Connection, frame: Frame) -> None: ...    # each frame that can be read, before it is handled

    @route
    async def elsewhere(connection: Connection, frame: Frame) -> Any:
        return PASS                                                 # or the answer, instead of the topic's handler

    @before_send("orders.")
    def mask(connection: Connection, topic: str, data: Any) -> Any:
        return data                                                 # or something else, or WITHHELD

Plain functions of `on_open`, `on_close` and `route` run in a thread and may use the database; coroutine functions run on
the loop. `on_message` and `before_send` are asked on the loop for each frame: plain functions that never wait. A hook
that fails is logged and counted, and what it hung on goes on as if it were not there; but a push whose `before_send`
fails stays with us, since nobody knows what should have been hidden.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any, Final, TypedDict, TypeVar

from channels.db import database_sync_to_async

from realtime.core.connection import Connection, Ending
from realtime.core.frames import Frame, Message

log = logging.getLogger(__name__)


class _Mark:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


PASS: Final = _Mark("PASS")
"""A route hook's answer when the topic's own handler shall have the frame."""
WITHHELD: Final = _Mark("WITHHELD")
"""A `before_send` hook's answer when this connection shall not get the push."""

F = TypeVar("F", bound=Callable[..., Any])


class HookFailures(TypedDict):
    """How often a hook failed on this node, and what it said last."""

    hook: str
    failures: int
    last: str


@dataclass(slots=True)
class Hook:
    """One registered hook."""

    function: Callable[..., Any]
    prefix: str = ""
    failures: int = 0
    last: str = ""

    @property
    def name(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def failed(self, problem: Exception) -> None:
        self.failures += 1
        self.last = f"{type(problem).__name__}: {problem}"[:200]
        log.error("The hook %s failed.", self.name, exc_info=problem)

    async def call(self, *about: Any, otherwise: Any = None) -> Any:
        """Call it where it belongs; return `otherwise` when it fails."""
        called = self.function
        if not iscoroutinefunction(called):
            called = database_sync_to_async(called, thread_sensitive=False)
        try:
            return await called(*about)
        except Exception as problem:  # noqa: BLE001 (a hook of an app must not take the gateway with it)
            self.failed(problem)
            return otherwise


@dataclass(slots=True)
class Hooks:
    """All hooks of this process."""

    opened: list[Hook] = field(default_factory=list)
    closed: list[Hook] = field(default_factory=list)
    messages: list[Hook] = field(default_factory=list)
    routes: list[Hook] = field(default_factory=list)
    sends: list[Hook] = field(default_factory=list)

    def failures(self) -> list[HookFailures]:
        every = [*self.opened, *self.closed, *self.messages, *self.routes, *self.sends]
        return [HookFailures(hook=one.name, failures=one.failures, last=one.last) for one in every if one.failures]


registered = Hooks()
_running: set[asyncio.Task[Any]] = set()


def on_open(function: F) -> F:
    """Call `function(connection)` when a connection is bound and can be reached."""
    registered.opened.append(Hook(function))
    return function


def on_close(function: F) -> F:
    """Call `function(connection, ending)` when a connection ends, whoever ended it."""
    registered.closed.append(Hook(function))
    return function


def on_message(function: F) -> F:
    """Call `function(connection, frame)` for each frame a client sends."""
    _ensure_plain(function)
    registered.messages.append(Hook(function))
    return function


def route(function: F) -> F:
    """Ask `function(connection, frame)` first; what it returns is the answer, unless it returns PASS."""
    registered.routes.append(Hook(function))
    return function


def before_send(prefix: str) -> Callable[[F], F]:
    """Ask `function(connection, topic, data)` what each connection gets of pushes whose topic starts with `prefix`."""

    def register(function: F) -> F:
        _ensure_plain(function)
        registered.sends.append(Hook(function, prefix))
        return function

    return register


def _ensure_plain(function: Callable[..., Any]) -> None:
    if iscoroutinefunction(function):
        raise TypeError(f"{function.__qualname__} is asked for each frame: a plain function that never waits")


# what the gateway calls


def opened(connection: Connection) -> None:
    """Start the hooks of a connection that opened; nobody waits for them."""
    for hook in registered.opened:
        _start(hook, connection)


def closed(connection: Connection, ending: Ending) -> None:
    """Start the hooks of a connection that ends, with what it is at this moment."""
    for hook in registered.closed:
        _start(hook, connection, ending)


def heard(connection: Connection, frame: Frame) -> None:
    """Show a client's frame to whoever wants to see it."""
    for hook in registered.messages:
        try:
            hook.function(connection, frame)
        except Exception as problem:  # noqa: BLE001 (as above)
            hook.failed(problem)


async def routed(connection: Connection, frame: Frame) -> Any:
    """Return the answer of the first route hook that has one, or PASS."""
    for hook in registered.routes:
        if (answer := await hook.call(connection, frame, otherwise=PASS)) is not PASS:
            return answer
    return PASS


def sending(message: Message) -> "Callable[[Connection], Message | None] | None":
    """Return what decides, for each connection, what it gets of `message`; None when nobody wants to be asked."""
    hooks = [hook for hook in registered.sends if message.topic.startswith(hook.prefix)]
    if not hooks:
        return None
    data = message.payload if message.binary else json.loads(message.payload)["data"]

    def decide(connection: Connection) -> Message | None:
        given = data
        for hook in hooks:
            try:
                given = hook.function(connection, message.topic, given)
            except Exception as problem:  # noqa: BLE001 (as above)
                hook.failed(problem)
                return None
            if given is WITHHELD:
                return None
        return message if given is data else Message.push(message.topic, given, connection.hub.default)

    return decide


def _start(hook: Hook, *about: Any) -> None:
    task = asyncio.ensure_future(hook.call(*about))
    _running.add(task)
    task.add_done_callback(_running.discard)
