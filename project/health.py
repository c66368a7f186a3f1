"""Is this node alive, and can it reach what it stands on?

`/healthz` says that the process answers. `/readyz` asks the database, the cache, the channel layer and the broker,
each under a deadline of its own, all at once. It also says whether background work is late; that is no reason to take
a node that serves pages out of service, and does not change the answer. Neither tells a stranger more than names.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from project import queues
from project.celery import app as celery
from project.core import redis_server, redis_trouble

log = structlog.get_logger(__name__)
DEADLINE_SECONDS = 2.0


@dataclass(frozen=True)
class Probe:
    """One thing this node stands on. `detail` is for staff, never for strangers."""

    name: str
    label: Any
    ok: bool
    ms: float
    detail: "str | Promise" = ""


def database() -> str:
    """Ask the database for a row."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()
    return str(connection.vendor)


def cache() -> "str | Promise":
    """Write to the strict store and read back; past the breaker, which would only say that it is open."""
    store = caches["state"].store  # type: ignore[attr-defined]  # ours
    store.set("health", str(time.time()), 10)
    if store.get("health") is None:
        raise RuntimeError("what was written could not be read back")
    return redis_server.described(settings.CACHE_URL)


def channel_layer() -> "str | Promise":
    """Send a message to a group nobody is in."""
    if settings.CHANNEL_LAYER_URL.startswith("memory"):
        return "memory"
    layer = get_channel_layer()

    async def ask() -> None:
        await layer.group_send("health", {"type": "health"})

    asyncio.run(asyncio.wait_for(ask(), DEADLINE_SECONDS))
    return redis_server.described(settings.CHANNEL_LAYER_URL)


def broker() -> str:
    """Open a connection to the broker."""
    with celery.connection_for_write(connect_timeout=DEADLINE_SECONDS) as link:
        link.ensure_connection(max_retries=1, timeout=int(DEADLINE_SECONDS))
        if link.transport.driver_type == "redis":
            channel: Any = link.default_channel
            channel.client.set("health", time.time(), ex=10)  # one that only answers may yet keep nothing
        return str(link.transport.driver_name or link.transport.driver_type)


PROBES: tuple[tuple[str, Any, Callable[[], "str | Promise"]], ...] = (
    ("database", _("Database"), database),
    ("cache", _("Cache"), cache),
    ("channel_layer", _("Channel layer"), channel_layer),
    ("broker", _("Broker"), broker),
)


def probe() -> list[Probe]:
    """Ask everything this node stands on, at once; take at most about two seconds."""
    pool = ThreadPoolExecutor(len(PROBES), thread_name_prefix="probe")
    asked = {what: pool.submit(_ask, what) for what in PROBES}
    wait(asked.values(), timeout=DEADLINE_SECONDS + 0.5)
    pool.shutdown(wait=False, cancel_futures=True)
    return [one.result() if one.done() else _too_slow(what) for what, one in asked.items()]


def _ask(what: tuple[str, Any, Callable[[], "str | Promise"]]) -> Probe:
    name, label, ask = what
    started = time.perf_counter()
    try:
        ok, detail = True, ask()
    except Exception as problem:  # noqa: BLE001 (whatever it is, it is the answer)
        ok, detail = False, _reason(name, problem)
        log.warning("probe_failed", probe=name, error=type(problem).__name__)
    return Probe(name, label, ok, round((time.perf_counter() - started) * 1000, 1), detail)


def _reason(name: str, problem: Exception) -> "str | Promise":
    urls = {
        "cache": settings.CACHE_URL,
        "channel_layer": settings.CHANNEL_LAYER_URL,
        "broker": settings.CELERY_BROKER_URL,
    }
    on_redis = urls.get(name, "").startswith(("redis", "unix"))
    return redis_trouble.words(problem) if on_redis else f"{type(problem).__name__}: {problem}"


def _too_slow(what: tuple[str, Any, Callable[[], "str | Promise"]]) -> Probe:
    name, label, _ask_it = what
    return Probe(name, label, ok=False, ms=DEADLINE_SECONDS * 1000, detail=_("No answer in time."))


def _queue() -> str:
    try:
        return "late" if queues.late() else "ok"
    except DatabaseError:
        return "unknown"
    finally:
        connection.close()


@csrf_exempt
@require_safe
async def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer that this process is alive."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@csrf_exempt
@require_safe
async def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when everything answers, else 503; both name each part."""
    probes = await sync_to_async(probe, thread_sensitive=False)()
    ready = all(one.ok for one in probes)
    body = {
        "status": "ok" if ready else "failing",
        "checks": {one.name: {"status": "ok" if one.ok else "failing", "ms": one.ms} for one in probes},
        "queue": {"status": await sync_to_async(_queue, thread_sensitive=False)() if ready else "unknown"},
    }
    return JsonResponse(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
