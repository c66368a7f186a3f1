"""ONE schema for messages, whoever brings them: `POST realtime/messages`, the queues, a dead letter delivered again.

    {"to": {"user": 7}, "topic": "orders.changed", "data": {"id": 7}}

docs/message-queue.md describes it. A letter is what the gateway makes a frame of: `data` for people, and for whom.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from project.core.api.parsing import parsed
from project.core.errors import InvalidParameters, TooLarge
from realtime import cluster, gateway
from realtime.core.frames import MAX_TOPIC, RESERVED, Message
from realtime.topics import GROUP, TOPIC

MAX_USER = 2**63 - 1
MAX_AUDIENCE = 1000
MAX_GROUP = 100
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")
CONNECTION = re.compile(r"[0-9a-f-]{1,64}")
LARGEST_BODY = 2
"""A body may be so many times as large as what a connection holds: Base64 and escapes take room."""

NO_FIELD = _("There is no such field.")
NO_USER = _("A user's id is a whole number above 0.")
NO_GROUP = _("This is not a group's name.")
NO_CONNECTION = _("This is not a connection's id.")
ONE_AUDIENCE = _(
    "Name exactly one audience: user, users, group, groups, connection or all; or user and group together."
)
ONLY_TRUE = _("Only true makes sense here.")
A_LIST = _("A list of 1 to {limit}.")
NO_TOPIC = _("A topic is lower-case words separated by dots, such as orders.changed.")
RESERVED_TOPIC = _("The gateway itself sends this topic; choose another.")
ONE_DATA = _("Either data or data_base64.")
NO_BASE64 = _("This is not Base64.")
NOBODY_TO_LEAVE_OUT = _("Only group, groups and all can leave somebody out.")
NO_ID = _("An id is up to 100 letters, digits and _ . : @ -, and begins with a letter or digit.")
NO_TIME = _("A moment is written as 2030-01-31T08:00:00Z, with its time zone.")
RUN_OUT = _("This moment has passed.")


class Audience(TypedDict, total=False):
    """Whom a message is for: exactly one of these, or `user` and `group`: the user's connections in that group."""

    user: int
    users: list[int]
    group: str
    groups: list[str]
    connection: str
    all: bool


class Unreadable(InvalidParameters):
    """A body that is no JSON object."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its address. `data` given as bytes becomes a binary frame."""

    to: Audience
    topic: str
    data: Any = None
    exclude_user: int | None = None
    id: str = ""
    """Of two letters with one id, the second is not delivered."""
    expires_at: datetime | None = None

    @property
    def has_run_out(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def ensure_it_fits(self) -> None:
        """:raises TooLarge: when no connection could hold it."""
        limit = settings.GATEWAY_MAX_BUFFER
        if len(Message.push(self.topic, self.data, cluster.to_json).wire) > limit:
            raise TooLarge(limit=filesizeformat(limit))


def opened(body: bytes) -> Letter:
    """Return the letter in `body`, as it lay on a queue.

    :raises TooLarge: when no connection could hold it.
    :raises Unreadable: when it is not JSON.
    :raises InvalidParameters: when it is not of the schema; `fields` name the places.
    """
    limit = settings.GATEWAY_MAX_BUFFER
    if len(body) > limit * LARGEST_BODY:
        raise TooLarge(limit=filesizeformat(limit))
    try:
        value = parsed(body)
    except InvalidParameters as problem:
        raise Unreadable(str(problem)) from problem
    letter = read(value)
    if len(body) * 8 > limit:  # JSON written anew is never eight times as long
        letter.ensure_it_fits()
    return letter


def read(body: Mapping[str, Any]) -> Letter:
    """Return the letter that `body` describes.

    :raises InvalidParameters: naming every field that is wrong.
    """
    problems = dict(_problems(body))
    if problems:
        raise InvalidParameters(fields=problems)
    data = body.get("data")
    if (binary := body.get("data_base64")) is not None:
        data = base64.b64decode(binary)
    until = body.get("expires_at")
    return Letter(
        to=body["to"],
        topic=body["topic"],
        data=data,
        exclude_user=body.get("exclude_user"),
        id=body.get("id") or "",
        expires_at=parse_datetime(until) if until else None,
    )


def deliver(letter: Letter, **how: Any) -> Any:
    """Push a letter; `how` is the gateway's: `receipt=True` asks how many got it."""
    name, about = _way(letter)
    return getattr(gateway, name)(*about, **how)


async def adeliver(letter: Letter, **how: Any) -> Any:
    """The async twin."""
    name, about = _way(letter)
    return await getattr(gateway, f"a{name}")(*about, **how)


def _way(letter: Letter) -> tuple[str, tuple[Any, ...]]:
    """Which call of the gateway delivers it: group (with a user: that user in it), groups, user, in this order."""
    topic, data, without = letter.topic, letter.data, letter.exclude_user
    match letter.to:
        case {"group": str(group), "user": int(user)}:
            return "send_user", (user, topic, data, group)
        case {"group": str(group)}:
            return "send_group", (group, topic, data, without)
        case {"groups": list(groups)}:
            return "send_group", (groups, topic, data, without)
        case {"user": int(user)}:
            return "send_user", (user, topic, data)
        case {"users": list(users)}:
            return "send_group", ([f"user.{user}" for user in users], topic, data)
        case {"connection": str(connection)}:
            return "send", (connection, topic, data)
        case _:
            return "broadcast", (topic, data, without)


# what may stand where

Found = Iterator[tuple[str, list[Any]]]


def _problems(body: Mapping[str, Any]) -> Found:
    for name in sorted(map(str, body.keys() - _FIELDS.keys()))[:20]:
        yield name[:100], [NO_FIELD]
    for name, look in _FIELDS.items():
        needed = name in {"to", "topic"}
        if (needed or body.get(name) is not None) and (problem := look(body.get(name))):
            yield name, [problem]
    if body.get("data") is not None and body.get("data_base64") is not None:
        yield "data_base64", [ONE_DATA]
    if body.get("exclude_user") is not None and not _names_many(body.get("to")):
        yield "exclude_user", [NOBODY_TO_LEAVE_OUT]


def _names_many(to: Any) -> bool:
    return isinstance(to, dict) and bool(to.keys() & {"group", "groups", "all"}) and "user" not in to


def _to(value: Any) -> Any:
    if not isinstance(value, dict):
        return ONE_AUDIENCE
    if unknown := value.keys() - _AUDIENCES.keys():
        return f"{min(map(str, unknown))[:100]}: {NO_FIELD}"
    if len(value) != 1 and value.keys() != {"user", "group"}:
        return ONE_AUDIENCE
    wrong = ((name, _AUDIENCES[name](given)) for name, given in value.items())
    return next((f"{name}: {problem}" for name, problem in wrong if problem), None)


def _user(value: Any) -> Any:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_USER
    return None if right else NO_USER


def _text(pattern: re.Pattern[str], problem: Any, longest: int = 100) -> Callable[[Any], Any]:
    def look(value: Any) -> Any:
        return None if isinstance(value, str) and len(value) <= longest and pattern.fullmatch(value) else problem

    return look


def _list_of(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def look_at_all(value: Any) -> Any:
        if not isinstance(value, list) or not 0 < len(value) <= MAX_AUDIENCE:
            return A_LIST.format(limit=MAX_AUDIENCE)
        return next(filter(None, map(look, value)), None)

    return look_at_all


def _topic(value: Any) -> Any:
    return RESERVED_TOPIC if isinstance(value, str) and value in RESERVED else _looks_like_a_topic(value)


def _base64(value: Any) -> Any:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return NO_BASE64
    return None


def _moment(value: Any) -> Any:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    return None if moment is not None and moment.tzinfo is not None else NO_TIME


_looks_like_a_topic = _text(TOPIC, NO_TOPIC, MAX_TOPIC)
_AUDIENCES: dict[str, Callable[[Any], Any]] = {
    "user": _user,
    "users": _list_of(_user),
    "group": _text(GROUP, NO_GROUP, MAX_GROUP),
    "groups": _list_of(_text(GROUP, NO_GROUP, MAX_GROUP)),
    "connection": _text(CONNECTION, NO_CONNECTION),
    "all": lambda value: None if value is True else ONLY_TRUE,
}
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "id": _text(ID, NO_ID),
    "to": _to,
    "topic": _topic,
    "data": lambda value: None,
    "data_base64": _base64,
    "exclude_user": _user,
    "expires_at": _moment,
}
