"""The servers it stands on."""

from dataclasses import dataclass

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class Data:
    """Data."""

    DATABASE_URL: str = variable(
        "",
        kind.database_url,
        "The database; empty: SQLite in the home.",
        example="postgres://user:password@host:5432/gatehouse",
        secret=True,
    )
    DATABASE_POOL_SIZE: int = variable(
        "10",
        kind.integer(2, 1000),
        "Most connections of one process to a database server; one of them is the scheduler's.",
    )
    DATABASE_MAX_AGE: int = variable("300", kind.integer(1, kind.DAY), "Seconds after which a connection is made anew.")


@dataclass(frozen=True, kw_only=True)
class Redis:
    """Redis."""

    REDIS_URL: str = variable(
        "",
        kind.url("redis", "rediss", "unix"),
        "Sets cache, session state, channel layer and broker at once.",
        example="redis://127.0.0.1:6379/0",
        secret=True,
    )
    REDIS_PREFIX: str = variable("gatehouse", kind.prefix, "Two installations share a server without meeting.")
    REDIS_POOL_SIZE: int = variable("200", kind.integer(1, 100_000), "Connections per process and purpose.")
    CACHE_URL: str = variable(
        "",
        kind.url("memory", "file", "redis", "rediss", "unix"),
        "Cache; empty: `REDIS_URL`, else memory.",
        example="redis://127.0.0.1:6379/1",
        secret=True,
    )
    CHANNEL_LAYER_URL: str = variable(
        "",
        kind.url("memory", "redis", "rediss", "unix"),
        "Between nodes; empty: `REDIS_URL`, else memory.",
        example="redis://127.0.0.1:6379/0",
        secret=True,
    )
    CELERY_BROKER_URL: str = variable(
        "",
        kind.url("memory", "redis", "rediss", "amqp", "amqps"),
        "Broker; empty: `REDIS_URL`, else memory.",
        example="amqp://user:password@127.0.0.1:5672//",
        secret=True,
    )


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Worker."""

    WORKER_CONCURRENCY: int = variable(
        "0",
        kind.integer(0, 1000),
        "Jobs a worker of `--only worker` does at once, each in a process of its own; 0: one per core, at least two.",
        example="4",
    )
