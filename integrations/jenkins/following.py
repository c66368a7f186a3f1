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
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

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


@dataclass
class Follower:
    """Who follows a log, and when somebody last wanted that."""

    thread: threading.Thread
    wanted_at: float


class Followers:
    """The logs that this node follows."""

    def __init__(
        self, most: int = MOST_AT_ONCE, linger: float = LINGER_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._linger, self._clock = most, linger, clock
        self._by_build: dict[str, Follower] = {}
        self._lock = threading.Lock()

    def begin(self, build_id: str, target: Callable[[str], None]) -> bool:
        """Have `target` follow a log, unless somebody does; tell whether it is followed now.

        Whoever follows it goes on for as long as it lingers at least: until then who asked has joined the group.
        """
        with self._lock:
            if (known := self._by_build.get(build_id)) is not None and known.thread.is_alive():
                known.wanted_at = self._clock()
                return True
            if len(self._by_build) >= self._most:
                return False
            thread = threading.Thread(target=target, args=(build_id,), name=f"log-{build_id[:8]}", daemon=True)
            self._by_build[build_id] = Follower(thread, self._clock())
            thread.start()
        return True

    def is_over(self, build_id: str, *, watched: bool) -> bool:
        """Whether nobody wanted a log for some seconds; then whoever asks from now on begins anew."""
        with self._lock:
            mine = self._by_build[build_id]
            if watched:
                mine.wanted_at = self._clock()
            if self._clock() - mine.wanted_at <= self._linger:
                return False
            del self._by_build[build_id]
            return True

    def end(self, build_id: str) -> None:
        """The thread that calls follows no more, for whatever reason."""
        with self._lock:
            if (known := self._by_build.get(build_id)) is not None and known.thread is threading.current_thread():
                del self._by_build[build_id]


_followers = Followers()


def follow(build_id: str) -> bool:
    """See to it that this node follows a log; tell whether it does. Returns at once."""
    return _followers.begin(build_id, _follow)


def _follow(build_id: str) -> None:
    reader = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex}"
    try:
        _read_while_watched(build_id, reader)
    except Exception:  # in a thread of its own nobody else would tell; the next who watches begins anew
        log.exception("jenkins.log_not_followed", build=build_id)
    finally:
        _followers.end(build_id)
        close_old_connections()


def _read_while_watched(build_id: str, reader: str) -> None:
    pause = QUICK_SECONDS
    while not _followers.is_over(build_id, watched=_is_watched(build_id)):
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
