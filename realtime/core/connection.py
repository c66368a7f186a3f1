"""One client of the gateway: who it is, what it joined, what it may do how often."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from realtime.core.outbox import Outbox

if TYPE_CHECKING:
    from realtime.core.hub import Hub

EVERYONE = "everyone"
AUTOMATIC = ("user.", "role.", "department.")
"""Groups that follow from who somebody is; nobody joins them on request."""
MAX_GROUPS = 100
MAX_SETTINGS = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a connection is bound to.

    `groups` are the automatic ones (`role.<key>`, `department.<id>`, …); `everyone` and `user.<id>` are always among
    them. `permissions` answers whether the user has a permission; it may be a coroutine function, and a plain one may
    use the database. Without it the user model is asked. `expires_at` (a timestamp) ends an identity that belongs to
    no session; a session is asked about instead, since it may have been renewed. `machine` names the API token that
    works for the user: its socket belongs to the token, does not count as the user's, and hears nothing meant for
    the user alone.
    """

    user_id: int
    username: str = ""
    name: str = ""
    session_id: str = ""
    groups: frozenset[str] = frozenset()
    permissions: Callable[[str], bool | Awaitable[bool]] | None = None
    staff: bool = False
    expires_at: float | None = None
    machine: str = ""

    @property
    def automatic_groups(self) -> frozenset[str]:
        return self.groups | ({EVERYONE} if self.machine else {EVERYONE, f"user.{self.user_id}"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may do; 0 idle seconds mean for ever."""

    idle_seconds: float = 30.0
    auth_seconds: float = 10.0
    stuck_seconds: float = 5.0
    max_frame: int = 65_536
    max_buffer: int = 1_048_576
    rate: tuple[int, int] = (50, 100)
    user_rate: tuple[int, int] | None = None
    max_tasks: int = 20
    allow_guests: bool = False


class ConnectionInfo(TypedDict):
    """A connection as staff see it."""

    id: str
    node: str
    user_id: int
    username: str
    name: str
    session_id: str
    address: str
    user_agent: str
    since: float
    groups: list[str]
    settings: dict[str, str]
    guest: bool
    network: str
    language: str
    received: int
    sent: int
    buffered: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended."""

    code: int
    reason: str = ""


@dataclass(slots=True)
class Allowance:
    """A token bucket: `rate` a second, `burst` at once."""

    rate: float
    burst: float
    left: float = field(init=False)
    seen_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> bool:
        """Use one up; False when there is none left."""
        self.left = min(self.burst, self.left + (now - self.seen_at) * self.rate)
        self.seen_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Peer:
    """Where a connection comes from."""

    address: str = ""
    user_agent: str = ""
    origin: str = ""
    language: str = "en"
    network: str = "ws"
    """How it came: `ws`, or `wss` over TLS."""


class Connection:
    """One open socket. Everything here happens on the event loop that serves it."""

    __slots__ = (
        "__weakref__",
        "allowance",
        "data",
        "deadline",
        "ended",
        "groups",
        "heard_at",
        "hub",
        "id",
        "identity",
        "joined",
        "last_error",
        "limits",
        "outbox",
        "peer",
        "received",
        "sent",
        "settings",
        "since",
        "tasks",
    )

    def __init__(self, hub: "Hub", outbox: Outbox, limits: Limits, peer: Peer) -> None:
        self.hub, self.outbox, self.limits, self.peer = hub, outbox, limits, peer
        self.id = f"{hub.node}-{secrets.token_hex(8)}"
        self.since = time.time()
        self.identity: Identity | None = None
        self.groups: set[str] = set()
        """All groups, the automatic ones included."""
        self.joined: set[str] = set()
        """Those joined on request."""
        self.settings: dict[str, str] = {}
        self.data: dict[str, Any] = {}
        """What handlers keep for this connection; it never leaves the process."""
        self.received = self.sent = 0
        self.last_error = ""
        """What its last bad frame, or last failed call, was told."""
        self.ended: Ending | None = None
        self.heard_at = hub.clock()
        self.deadline: float | None = None
        """When a connection nobody is bound to must be gone, on the hub's clock."""
        self.allowance = Allowance(*limits.rate)
        self.tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Connection {self.id} of user {self.user_id}>"

    @property
    def node(self) -> str:
        return self.hub.node

    @property
    def user_id(self) -> int:
        """The id of the user who is here; 0 for a guest and for a machine."""
        return self.identity.user_id if self.identity and not self.identity.machine else 0

    @property
    def session_id(self) -> str:
        return self.identity.session_id if self.identity else ""

    @property
    def is_guest(self) -> bool:
        """Whether it may only do what guests may: nobody is bound to it, or GATEWAY_GUEST_RULE says so."""
        return self.hub.is_guest(self)

    @property
    def trace_id(self) -> str:
        """The id of the frame that is being handled: in the log, in its tasks, and in the answer if it fails."""
        return self.hub.trace_id()

    async def join(self, group: str) -> int:
        """Join `group` without asking its policy; return how many connections of this node are in it."""
        return self.hub.join(self, group)

    async def leave(self, group: str) -> int:
        """Leave `group`; return how many connections of this node are left in it."""
        return self.hub.leave(self, group)

    def send(self, topic: str, data: Any) -> None:
        """Push to this connection."""
        self.hub.push(self, topic, data)

    def close(self, code: int, reason: str = "") -> None:
        """Close it with `code`; what it was sent before goes out first."""
        self.hub.close(self, code, reason)

    def start_deadline(self) -> None:
        """A connection that is bound to nobody has `auth_seconds` to become somebody."""
        waits = self.identity is None and not self.limits.allow_guests
        self.deadline = self.hub.clock() + self.limits.auth_seconds if waits else None

    def info(self) -> ConnectionInfo:
        who = self.identity
        return ConnectionInfo(
            id=self.id,
            node=self.hub.node,
            user_id=who.user_id if who else 0,
            username=who.username if who else "",
            name=who.name if who else "",
            session_id=who.session_id if who else "",
            address=self.peer.address,
            user_agent=self.peer.user_agent,
            since=self.since,
            groups=sorted(self.groups),
            settings=dict(self.settings),
            guest=self.is_guest,
            network=self.peer.network,
            language=self.peer.language,
            received=self.received,
            sent=self.sent,
            buffered=self.outbox.unsent(),
            last_error=self.last_error,
        )
