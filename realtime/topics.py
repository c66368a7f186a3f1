"""What clients may ask: topics and their handlers, groups and their policies.

`topics.py` of every app is found at start, like `tasks.py`:

    @topic("orders.watch", permission="orders.view_order", rate="10/min", schema=WatchSerializer)
    async def watch(connection: Connection, data: dict[str, Any]) -> dict[str, int]:
        await connection.join(f"orders.{data['shop']}")
        return {"open": await Order.objects.open().acount()}

    @policy("orders.")
    async def may_join(connection: Connection, group: str) -> bool: ...

A handler's answer goes back to a client that gave an `id`, and what it raises as an error frame, as the API would say it.
Plain functions run in a thread and may use the database; coroutine functions run on the event loop and must not block it.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc, iscoroutinefunction
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import BaseSerializer

from project.core.errors import NoPermission, TooManyRequests
from realtime.core.connection import AUTOMATIC, EVERYONE, Connection, Identity
from realtime.core.rates import Rate, who_asks
from realtime.errors import GroupRefused, NotSignedIn, UnknownTopic

TOPIC = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")

Handler = Callable[[Connection, Any], Any]
Policy = Callable[[Connection, str], Any]
H = TypeVar("H", bound=Handler)
P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True)
class Topic:
    """A registered topic."""

    name: str
    handler: Handler
    permission: str | None = None
    rate: Rate | None = None
    schema: type[BaseSerializer[Any]] | None = None
    guests: bool = False
    prompt: bool = False
    plain: bool = False
    """The handler is a plain function, for a thread."""

    def validated(self, connection: Connection, data: Any) -> Any:
        """Return what the schema makes of `data`.

        :raises ValidationError: with all that is wrong.
        """
        if self.schema is None:
            return data
        given = self.schema(data={} if data is None else data, context={"connection": connection})
        given.is_valid(raise_exception=True)
        return given.validated_data

    @property
    def about(self) -> str:
        """The first line of the handler's docstring."""
        return cleandoc(self.handler.__doc__ or "").partition("\n")[0]


_topics: dict[str, Topic] = {}
_policies: dict[str, Policy] = {}


class DoubleRegistration(RuntimeError):
    """Two handlers want the same topic, or two policies the same prefix."""


def topic(
    name: str,
    permission: str | None = None,
    *,
    rate: str | None = None,
    schema: type[BaseSerializer[Any]] | None = None,
    guests: bool = False,
    prompt: bool = False,
) -> Callable[[H], H]:
    """Register a handler of client frames.

    :param permission: who lacks it is refused.
    :param rate: how often one user may ask, such as `10/min`, over all their connections to this process.
    :param schema: a DRF serializer; the handler gets what it made of the data (no data counts as `{}`). It is asked
        where the handler runs, so that only a plain function's may use the database.
    :param guests: whether a connection that is bound to nobody may ask.
    :param prompt: the handler is a coroutine function that never waits: it is answered before the next frame is read.
    """
    if not TOPIC.fullmatch(name):
        raise ValueError(f"{name!r} is no topic: lower-case words separated by dots, such as orders.watch")
    most = Rate.parse(rate) if rate else None

    def register(handler: H) -> H:
        if name in _topics:
            raise DoubleRegistration(f"The topic {name!r} is handled by {_topics[name].handler.__module__} already.")
        plain = not iscoroutinefunction(handler)
        if plain and prompt:
            raise ValueError(f"The handler of {name!r} is no coroutine function: it cannot be prompt.")
        _topics[name] = Topic(name, handler, permission, most, schema, guests, prompt, plain)
        return handler

    return register


def policy(prefix: str) -> Callable[[P], P]:
    """Register who may join groups that start with `prefix`; the longest prefix decides."""
    if prefix.startswith(AUTOMATIC) or prefix == EVERYONE or not GROUP.fullmatch(prefix):
        raise ValueError(f"{prefix!r} cannot have a policy: it is automatic, or no group's name")

    def register(decide: P) -> P:
        if prefix in _policies:
            raise DoubleRegistration(f"Groups {prefix!r} have a policy in {_policies[prefix].__module__} already.")
        _policies[prefix] = decide
        return decide

    return register


def registered() -> list[Topic]:
    """Return all topics, by name."""
    return [_topics[name] for name in sorted(_topics)]


def find(name: str) -> Topic:
    """Return a topic.

    :raises UnknownTopic: when nobody handles it.
    """
    if (found := _topics.get(name)) is None:
        raise UnknownTopic(topic=name)
    return found


def ensure_not_too_often(connection: Connection, asked: Topic) -> None:
    """Pass silently, and count, when `connection` may use the topic so soon again.

    :raises TooManyRequests: when not; says how many seconds to wait.
    """
    if asked.rate is None:
        return
    hub, (calls, seconds) = connection.hub, asked.rate
    wait = hub.allowances.wait((asked.name, who_asks(connection)), calls / seconds, calls, hub.clock())
    if wait:
        retry_after = math.ceil(wait)
        raise TooManyRequests(retry_after=retry_after, extra={"retry_after": retry_after})


async def ensure_may_ask(connection: Connection, asked: Topic) -> None:
    """Pass silently when `connection` may use the topic.

    :raises NotSignedIn, NoPermission: when not.
    """
    if asked.guests:
        return
    if connection.is_guest and not (connection.limits.allow_guests and asked.permission is None):
        raise NotSignedIn
    if asked.permission and not (connection.identity and await has_permission(connection.identity, asked.permission)):
        raise NoPermission


async def ensure_may_join(connection: Connection, group: str) -> None:
    """Pass silently when `connection` may join `group`.

    :raises GroupRefused: when not; also when no policy speaks for the group.
    """
    if connection.is_guest:
        raise NotSignedIn
    if is_automatic(group) or group.endswith(".") or not GROUP.fullmatch(group):
        raise GroupRefused(group=group[:100])
    prefix = max((one for one in _policies if group.startswith(one)), key=len, default=None)
    if prefix is None or not await call(_policies[prefix], connection, group):
        raise GroupRefused(group=group)


def ensure_may_leave(connection: Connection, group: str) -> None:
    """Pass silently when `connection` joined `group`.

    :raises GroupRefused: when not: how many others are in it is nobody's business then.
    """
    if is_automatic(group):
        raise GroupRefused(_("The group “{group}” follows from who you are: nobody leaves it."), group=group)
    if group not in connection.joined:
        raise GroupRefused(_("You did not join the group “{group}”."), group=group)


def is_automatic(group: str) -> bool:
    """Whether `group` follows from who somebody is."""
    return group == EVERYONE or group.startswith(AUTOMATIC)


async def answer(asked: Topic, connection: Connection, data: Any) -> Any:
    """Let the topic's handler answer `data`, once its schema has found it good."""
    if asked.plain:
        return await call(lambda: asked.handler(connection, asked.validated(connection, data)))
    return await asked.handler(connection, asked.validated(connection, data))


async def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler or policy where it belongs: coroutines here, plain functions in a thread."""
    if iscoroutinefunction(function):
        return await function(*arguments)
    return await database_sync_to_async(function, thread_sensitive=False)(*arguments)


async def has_permission(identity: Identity, permission: str) -> bool:
    """Whether the user behind `identity` has `permission` at this moment."""
    asked = identity.permissions or (lambda name: _user_has(identity.user_id, name))
    return bool(await call(asked, permission))


def _user_has(user_id: int, permission: str) -> bool:
    user = get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()
    return user is not None and user.has_perm(permission)


@policy("public.")
async def anyone_signed_in(connection: Connection, group: str) -> bool:
    """Whoever is signed in may join `public.*`."""
    return True
