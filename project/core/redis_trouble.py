"""What is wrong with Redis, in words an operator understands."""

from collections.abc import Iterator

import redis
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BY_TYPE: tuple[tuple[type[BaseException], Promise], ...] = (
    (redis.OutOfMemoryError, _("Redis is out of memory (noeviction): it keeps nothing more.")),
    (redis.ReadOnlyError, _("This Redis is a read-only replica.")),
    (redis.exceptions.NoPermissionError, _("Redis does not permit this account (ACL) a command or key it needs.")),
    (redis.AuthenticationError, _("Redis refuses the password.")),
    (redis.BusyLoadingError, _("Redis is still loading its data.")),
    (redis.exceptions.MovedError, _("This Redis is a node of a Redis Cluster.")),
    (redis.TimeoutError, _("Redis does not answer in time.")),
    (TimeoutError, _("Redis does not answer in time.")),
)
"""The first that fits; derived types stand before what they derive from."""
BY_WORDS: tuple[tuple[str, Promise], ...] = (
    ("MISCONF", _("Redis cannot save to its disk and takes no changes.")),
    ("NOREPLICAS", _("Redis misses its replicas and takes no changes.")),
    ("CLUSTERDOWN", _("This Redis is a node of a Redis Cluster.")),
    ("max number of clients", _("Redis takes no more connections (maxclients).")),
    ("No connection available", _("All connections of this process to Redis are in use (REDIS_POOL_SIZE).")),
    ("Too many connections", _("All connections of this process to Redis are in use (REDIS_POOL_SIZE).")),
    ("CERTIFICATE_VERIFY_FAILED", _("The certificate of Redis cannot be trusted.")),
    ("OOM command not allowed", _("Redis is out of memory (noeviction): it keeps nothing more.")),
)
UNREACHABLE = _("Redis cannot be reached.")


def words(problem: BaseException) -> "str | Promise":
    """Return what `problem`, or what it came from, means; its own words where we know no better."""
    chain = list(_causes(problem))
    for one in chain:
        for text, meaning in BY_WORDS:
            if text in str(one):
                return meaning
        for kind, meaning in BY_TYPE:
            if isinstance(one, kind):
                return meaning
    if any(isinstance(one, redis.ConnectionError | ConnectionError) for one in chain):
        return UNREACHABLE
    return f"{type(problem).__name__}: {problem}"


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__
