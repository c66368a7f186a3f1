"""Live logs: a thread of the node that has viewers follows the log; over all nodes, one at a time.

A node begins to follow when the first of its connections joins a build's group, and ends some seconds after the last left.
Of several nodes whoever has the lease reads, and pushes to all; when it dies, another goes on where it ended.
"""

import os
import random
import socket
import threading
import time
import uuid
from contextlib import suppress

import structlog
from django.db import close_old_connections

from integrations.jenkins import services, telling
from integrations.jenkins.models import Build
from project.core.errors import GatehouseError
from realtime import cluster

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 64
"""Logs that one node follows; viewers of more get theirs by asking."""
QUICK_SECONDS, SLOW_SECONDS, SICK_SECONDS = 0.25, 1.0, 5.0
LINGER_SECONDS = 5.0
"""How long after the last viewer left: they may only be reconnecting."""

_followers: dict[str, threading.Thread] = {}
_lock = threading.Lock()


def follow(build_id: str) -> bool:
    """See to it that this node follows a log; tell whether it does. Returns at once."""
    with _lock:
        if build_id in _followers and _followers[build_id].is_alive():
            return True
        if len(_followers) >= MOST_AT_ONCE:
            return False
        thread = threading.Thread(target=_follow, args=(build_id,), name=f"log-{build_id[:8]}", daemon=True)
        _followers[build_id] = thread
        thread.start()
    return True


def followed() -> list[str]:
    """The builds whose logs this node follows."""
    with _lock:
        return sorted(_followers)


def _follow(build_id: str) -> None:
    reader = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex}"
    try:
        _read_while_watched(build_id, reader)
    except Exception:  # in a thread of its own nobody else would tell; the next who watches begins anew
        log.exception("jenkins.log_not_followed", build=build_id)
    finally:
        with _lock:
            _followers.pop(build_id, None)
        close_old_connections()


def _read_while_watched(build_id: str, reader: str) -> None:
    watched_at = time.monotonic()
    pause = QUICK_SECONDS
    while True:
        if _is_watched(build_id):
            watched_at = time.monotonic()
        elif time.monotonic() - watched_at > LINGER_SECONDS:
            break
        close_old_connections()
        build = Build.objects.select_related("job", "server").filter(pk=build_id).first()
        if build is None or (row := services.log_of(build)).complete:
            return
        if services.take_log(row, reader):
            pause = _step(build, reader, pause)
        else:
            pause = SLOW_SECONDS
        time.sleep(pause * random.uniform(0.8, 1.0))  # noqa: S311 (spreads nodes; guards nothing)
    if build := Build.objects.filter(pk=build_id).first():
        services.release_log(services.log_of(build), reader)


def _step(build: Build, reader: str, pause: float) -> float:
    """Read once; return how long to wait then: the longer nothing comes, the longer."""
    try:
        came = services.read_log_on(build, reader)
    except GatehouseError as problem:
        log.info("jenkins.log_not_read", build=str(build.pk), problem=str(problem))
        return SICK_SECONDS
    return QUICK_SECONDS if came else min(SLOW_SECONDS, max(pause, QUICK_SECONDS) * 1.5)


def _is_watched(build_id: str) -> bool:
    """Whether a connection of this node is in the build's group."""
    node = cluster.serving()
    group = telling.log_group(build_id)
    if node is None:
        return False
    with suppress(RuntimeError):  # the event loop changed the set at this moment: somebody is there
        return bool(node.hub.find(group=group))
    return True
