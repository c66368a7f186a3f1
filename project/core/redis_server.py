"""What a Redis server says about itself."""

from dataclasses import dataclass
from typing import Any

import redis
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from project.core import redis_url
from project.core.cache.redis import connect

OLDEST = (6, 2)
"""The first to know GETDEL and GETEX."""


@dataclass(frozen=True)
class Facts:
    """One server."""

    version: str
    in_cluster: bool
    is_replica: bool
    policy: str
    """What it does when it is full."""

    @property
    def too_old(self) -> bool:
        numbers = self.version.split(".")[:2]
        return all(map(str.isdigit, numbers)) and tuple(map(int, numbers)) < OLDEST

    @property
    def may_evict(self) -> bool:
        return self.policy not in {"", "noeviction"}


def ask(url: str) -> Facts | None:
    """Ask the server at `url`; None when it does not permit the question.

    :raises redis.RedisError, OSError: when it does not answer.
    """
    try:
        info: dict[str, Any] = connect(url).info()  # type: ignore[assignment]  # only an asynchronous client's is awaited
    except redis.exceptions.NoPermissionError:
        return None
    return Facts(
        version=str(info.get("redis_version", "")),
        in_cluster=info.get("cluster_enabled") == 1,
        is_replica=info.get("role") == "slave",
        policy=str(info.get("maxmemory_policy", "")) if info.get("maxmemory") else "",
    )


def described(url: str) -> "str | Promise":
    """Say in a few words what is at `url`, and what is doubtful about it."""
    if not url.startswith(redis_url.SCHEMES):
        return url.split(":")[0]
    facts = ask(url)
    if facts is None:
        return "Redis"
    if facts.may_evict:
        return format_lazy(
            _("Redis {version}; when it is full it throws away what is needed (maxmemory-policy {policy})"),
            version=facts.version,
            policy=facts.policy,
        )
    return f"Redis {facts.version}"
