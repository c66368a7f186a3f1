"""/metrics, in Prometheus' text format: requests, sockets, breakers of this process, and shared_figures.py.

One of several processes on a port (`up --workers`) answers for all of them: each keeps its figures in files its parent
gives it, and prometheus_client adds them up. Gauges of the others are then up to FRESH_SECONDS old.
"""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from time import perf_counter
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from project import shared_figures
from project.core import breaker, context, errors
from project.core.middleware import BEHIND_A_STRANGER
from realtime import gateway

registry = CollectorRegistry()
REQUESTS = Counter("gatehouse_http_requests", "Answered requests", ["module", "method", "status"], registry=registry)
SECONDS = Histogram("gatehouse_http_seconds", "Time to answer", ["module"], registry=registry)


def _gauge(name: str, text: str, mode: Any, *labels: str) -> Gauge:
    return Gauge(f"gatehouse_{name}", text, labels, registry=registry, multiprocess_mode=mode)


PROCESSES = _gauge("web_processes", "Web processes these figures are of", "livesum")
GATEWAY = {
    name: _gauge(f"gateway_{name}", text, mode)
    for name, text, mode in (
        ("connections", "Open sockets", "livesum"),
        ("groups", "Groups with a member here", "livesum"),
        ("received", "Frames received", "livesum"),
        ("sent", "Frames sent", "livesum"),
        ("evicted", "Sockets closed because they read too slowly", "livesum"),
        ("buffered", "Bytes that clients have not taken yet", "livesum"),
        ("queued", "Messages that wait for their way to other nodes", "livesum"),
        ("in_touch", "1 while the other nodes can be reached", "livemin"),
        ("outages", "How often they could not be reached", "livesum"),
        ("lost", "Messages to other nodes that were lost", "livesum"),
        ("queue_delivered", "Messages of the queues delivered here", "livesum"),
        ("queue_duplicates", "Of them, those that had been delivered before and were not again", "livesum"),
        ("queue_dead", "Messages of the queues set aside here", "livesum"),
        ("queue_reading", "1 at the node that reads the queues", "livemax"),
    )
}
BREAKERS = _gauge("breaker_open", "1 while a breaker lets nothing through", "livemax", "name")
FRESH_SECONDS = 5.0
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestMetricsMiddleware:
    """Count every answer and the time it took; labels are few by construction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        response = self.get_response(request)
        module = context.get_module() or "default"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(module, method, response.status_code).inc()
        SECONDS.labels(module).observe(perf_counter() - started)
        return response


async def keep_fresh() -> None:
    """Keep this process's gauges fresh for the one that is asked; for ever, where there are several."""
    while _is_one_of_several():
        observe()
        await asyncio.sleep(FRESH_SECONDS)


def observe() -> None:
    """Set this process's gauges."""
    PROCESSES.set(1)
    node = gateway.this_node()
    for name, gauge in GATEWAY.items():
        gauge.set(node.get(name, 0))
    for one in breaker.snapshots():
        BREAKERS.labels(one.name).set(one.state == "open")


def everything() -> bytes:
    """Return all figures as text."""
    observe()
    asked = registry
    if _is_one_of_several():
        asked = CollectorRegistry()
        multiprocess.MultiProcessCollector(asked)  # type: ignore[no-untyped-call]  # the library is half typed
    return generate_latest(asked) + generate_latest(shared_figures.registry)


def _is_one_of_several() -> bool:
    return values.ValueClass is not values.MutexValue


@csrf_exempt
@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures; for loopback, METRICS_ALLOWED_IPS and staff.

    :raises NoPermission: for anybody else.
    """
    if not _from_an_allowed_address(request):
        user = await request.auser()
        if not (user.is_active and user.is_staff):
            raise errors.NoPermission
    text = await database_sync_to_async(everything, thread_sensitive=False)()
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _from_an_allowed_address(request: HttpRequest) -> bool:
    address = ip_address(context.get_ip() or "255.255.255.255")
    if address.is_loopback:
        return not context.get_data(BEHIND_A_STRANGER)
    return any(address in ip_network(one) for one in settings.METRICS_ALLOWED_IPS)
