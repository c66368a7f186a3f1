"""The realtime gateway."""

from dataclasses import dataclass

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Gateway."""

    GATEWAY_ALLOWED_ORIGINS: list[str] = variable(
        "",
        kind.origins,
        "Origins whose pages may open a socket; empty: the own host.",
        example="https://app.example.com",
    )
    GATEWAY_ALLOWED_IPS: list[str] = variable(
        "",
        kind.address_patterns,
        "Addresses that may open a socket (CIDR or 10.1.*); empty: all.",
        example="10.0.0.0/8,192.168.1.*",
    )
    GATEWAY_IDLE_SECONDS: float = variable(
        "30", kind.number(0, kind.DAY), "Silence after which a socket is closed; 0: never."
    )
    GATEWAY_MAX_FRAME: int = variable("65536", kind.size, "Largest frame a client may send.", example="64KB")
    GATEWAY_MAX_BUFFER: int = variable(
        "1048576", kind.size, "Unsent bytes per connection before it is closed as too slow.", example="1MB"
    )
    GATEWAY_RATE: tuple[int, int] = variable("50:100", kind.rate, "Frames a second per connection, and the burst.")
    GATEWAY_USER_RATE: tuple[int, int] | None = variable(
        "500:1000",
        kind.optional_rate,
        "Frames a second per user, over all connections to a node, and the burst; 0: without limit.",
    )
    GATEWAY_MAX_TASKS: int = variable("20", kind.integer(1, 10_000), "Concurrent handler calls per connection.")
    GATEWAY_MAX_PER_USER: int = variable(
        "0", kind.integer(0, 100_000), "Connections per user; 0: without limit.", example="3"
    )
    GATEWAY_OVERFLOW: str = variable(
        "newest",
        kind.one_of("newest", "refuse", "both"),
        "Beyond that: the oldest goes, the new one is refused, or both close.",
    )
    GATEWAY_KEEP_SETTINGS: bool = variable(
        "false", kind.boolean, "Keep what a user's connections set, for the user's next connection?"
    )
    GATEWAY_ALLOW_GUESTS: bool = variable("false", kind.boolean, "May people who are not signed in keep a socket?")
    GATEWAY_QUEUE: bool = variable(
        "true",
        kind.boolean,
        "Deliver the messages on the queues: the Redis Stream, and RabbitMQ's where it is the broker.",
    )
    GATEWAY_QUEUE_GRACE: float = variable(
        "5", kind.number(0, 600), "Seconds that clients have to come back before a starting node reads the queues."
    )
    GATEWAY_QUEUE_MAX: int = variable(
        "100000", kind.integer(1, 100_000_000), "Waiting messages beyond which `queue.put` refuses more."
    )
