"""Settings that would not fail at start but later, or in silence: `manage.py up` refuses them.

What settings alone tell is also found by `manage.py check`; what has to be asked of the servers, by `check --deploy`.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import redis
import structlog
from channels_redis.core import RedisChannelLayer
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Doubt

from project.core import redis_server, redis_trouble, redis_url
from project.env import BadEnvironment, Problem
from realtime import cluster
from realtime.directory import RedisDirectory
from realtime.link import FAILURES

log = structlog.get_logger(__name__)
EXAMPLE = "redis://127.0.0.1:6379/0"
REDIS_PY = (5, 8)
"""channels-redis 4.3 works with redis-py from the first of these, up to but without the second."""
ASK_SECONDS = 1.0


def ensure_can_start() -> None:
    """:raises BadEnvironment: with all that is wrong; what is only doubtful goes to the log."""
    for doubt in doubts_of_servers():
        log.warning("redis.doubtful", problem=str(doubt).strip())
    if problems := [*problems_of_settings(), *problems_of_servers()]:
        raise BadEnvironment(problems)


def ensure_shared() -> None:
    """:raises BadEnvironment: when something several processes must share is kept in one process's memory."""
    shared = {
        "CACHE_URL": settings.CACHE_URL,
        "CHANNEL_LAYER_URL": settings.CHANNEL_LAYER_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
    }
    expected = (
        "a server that all processes reach (set REDIS_URL for all of them), or one process without --only and --workers"
    )
    if wrong := [name for name, url in shared.items() if url.startswith("memory")]:
        raise BadEnvironment([Problem(name, "memory", expected, EXAMPLE) for name in wrong])


# --- what settings tell ---------------------------------------------------------------------------------------------------


def problems_of_settings() -> list[Problem]:
    """Return what is wrong with the broker's options, the channel layer and the library below it."""
    backend = settings.CHANNEL_LAYERS["default"]["BACKEND"]
    config = settings.CHANNEL_LAYERS["default"].get("CONFIG", {})
    if not backend.startswith("channels_redis."):
        return [*_visibility()]
    found = [*_visibility(), *_library(), *_hosts(config)]
    return found + [*_core_layer(config)] if backend.startswith("channels_redis.core.") else found


def _visibility() -> Iterator[Problem]:
    name, longest = "visibility_timeout", settings.CELERY_TASK_TIME_LIMIT
    given = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(name)
    if given is not None and given <= longest:
        expected = f"more than CELERY_TASK_TIME_LIMIT ({longest}), or a running task's message goes to a second worker"
        yield Problem(f"CELERY_BROKER_TRANSPORT_OPTIONS[{name!r}]", str(given), expected, str(longest + 300))


def _library() -> Iterator[Problem]:
    low, high = REDIS_PY
    if not low <= redis.VERSION[0] < high:
        yield Problem(
            "redis-py", redis.__version__, f"{low} to {high - 1}: channels-redis 4.3 works with no other", "6.4.0"
        )


def _hosts(config: dict[str, Any]) -> Iterator[Problem]:
    if (number := len(config.get("hosts", ()))) != 1:
        expected = "one host: with several, messages get lost between them"
        yield Problem("CHANNEL_LAYERS", f"{number} hosts", expected, f'["{EXAMPLE}"]')


def _core_layer(config: dict[str, Any]) -> Iterator[Problem]:
    name, wait = "CHANNEL_LAYERS", RedisChannelLayer.brpop_timeout
    for host in config.get("hosts", ()):
        given = host.get("socket_timeout") if isinstance(host, dict) else None
        if given is not None and given <= wait:
            expected = (
                f"more than {wait} s: the layer waits so long for a message, and a line cut sooner loses its socket"
            )
            yield Problem(name, f"socket_timeout {given}", expected, '{"socket_timeout": 15}')
    for option, least in (("capacity", 1), ("expiry", 1), ("group_expiry", config.get("expiry", 60))):
        if (given := config.get(option, least)) < least:
            yield Problem(name, f"{option} {given}", f"at least {least}", f'{{"{option}": {least}}}')


# --- what the servers tell ------------------------------------------------------------------------------------------------


def problems_of_servers() -> list[Problem]:
    """Return why the servers in use cannot do what they are there for; one that does not answer is for /readyz."""
    return [*(problem for name, facts in _asked() for problem in _problems(name, facts)), *_strangers()]


def doubts_of_servers() -> list[Problem]:
    """Return what may go wrong with them one day."""
    expected = "maxmemory-policy noeviction: it keeps ends of sessions, tickets and messages to workers"
    return [
        Problem(name, f"a Redis with maxmemory-policy {facts.policy}", expected, EXAMPLE)
        for name, facts in _asked()
        if facts.may_evict
    ]


def _asked() -> Iterator[tuple[str, redis_server.Facts]]:
    """Ask each Redis in use, under the variable that names it; one that does not answer is for /readyz to tell."""
    names: dict[str, str] = {}
    for name in ("CACHE_URL", "CHANNEL_LAYER_URL", "CELERY_BROKER_URL"):
        url = getattr(settings, name)
        names.setdefault(url, "REDIS_URL" if url == settings.REDIS_URL else name)
    for url, name in names.items():
        if url.split(":")[0] in redis_url.SCHEMES:
            with suppress(redis.RedisError, OSError):
                if facts := redis_server.ask(url):
                    yield name, facts


def _problems(name: str, facts: redis_server.Facts) -> Iterator[Problem]:
    if facts.too_old:
        oldest = ".".join(map(str, redis_server.OLDEST))
        yield Problem(name, f"Redis {facts.version}", f"Redis {oldest} or newer", EXAMPLE)
    if facts.in_cluster:
        yield Problem(name, "a node of a Redis Cluster", "a single Redis, or a primary with replicas", EXAMPLE)
    elif facts.is_replica:
        yield Problem(name, "a read-only replica", "its primary: a replica takes no changes", EXAMPLE)


def _strangers() -> Iterator[Problem]:
    """Find nodes that use our prefix and are not of our installation."""
    if not cluster.shared():
        return
    ours = cluster.installation()
    foreign = [one for one in asyncio.run(_nodes()) if one.get("installation", ours) != ours]
    if foreign:
        names = ", ".join(sorted(str(one.get("name")) for one in foreign))
        yield Problem(
            "REDIS_PREFIX",
            f"{settings.REDIS_PREFIX!r}, which an installation with another SECRET_KEY uses just now ({names})",
            "a prefix that no other installation on this Redis has; or, on all nodes of one, the same SECRET_KEY",
            f"{settings.REDIS_PREFIX}-2",
        )


async def _nodes() -> list[dict[str, Any]]:
    directory = RedisDirectory(*cluster.directory_address())
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await directory.nodes()
    except FAILURES as problem:
        log.warning("redis.not_asked", problem=str(redis_trouble.words(problem)))
        return []
    finally:
        await directory.close()


# --- for `manage.py check` ------------------------------------------------------------------------------------------------


def _checks(number: int, find: Callable[[], list[Problem]], kind: type[Error | Doubt] = Error) -> Callable[..., Any]:
    def check(app_configs: Any, **options: Any) -> list[CheckMessage]:
        return [kind(str(problem).strip(), id=f"project.{kind.__name__[0]}{number:03}") for problem in find()]

    return check


register(_checks(1, problems_of_settings), "redis")
register(_checks(2, problems_of_servers), "redis", deploy=True)
register(_checks(3, doubts_of_servers, Doubt), "redis", deploy=True)
