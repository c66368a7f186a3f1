"""What the gateway's own topics answer."""

from typing import TypedDict


class Membership(TypedDict):
    """A group, and how many connections are in it."""

    group: str
    members: int


class Person(TypedDict):
    """Whom a connection is bound to."""

    id: int
    username: str
    name: str


class Counters(TypedDict):
    """What travelled on a connection; `buffered` are bytes that the client has not taken yet."""

    received: int
    sent: int
    buffered: int


class Who(TypedDict):
    """A connection as its own client may see it."""

    connection: str
    user: Person | None
    staff: bool
    groups: list[str]
    settings: dict[str, str]
    watched: bool
    node: str
    address: str
    since: float
    counters: Counters
    last_error: str


class AskableTopic(TypedDict):
    """A topic that may be asked, by those who have the permission."""

    topic: str
    about: str
    permission: str | None


class Tapped(TypedDict):
    """A connection that is watched, or was."""

    connection: str


class Watched(Tapped):
    """How soon to ask again, in seconds, and for how long a connection is shown at most."""

    again_within: float
    seconds: float
