"""Several web processes on one port: `up --workers N` starts them, replaces those that die, and ends them together.

Each has a pipe from its parent as standard input and drains when that ends, so a parent that was killed leaves nobody
behind. Each has a session of its own too: Ctrl-C reaches the parent alone, which asks them once.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import Self

import structlog
from django.conf import settings
from prometheus_client import multiprocess

log = structlog.get_logger(__name__)

KILL_AFTER_SECONDS = 3
"""How much longer than SHUTDOWN_SECONDS a process may take to end."""


class Siblings:
    """The web processes of this parent. Leaving the `with` block ends them."""

    def __init__(self, host: str, port: int, count: int) -> None:
        self._command = [sys.executable, sys.argv[0], "up", "--only", "web", "--child"]
        self._command += ["--host", host, "--port", str(port)]
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._metrics = tempfile.TemporaryDirectory(prefix="gatehouse-metrics-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        self._processes = [self._start() for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._processes:
            one.terminate()
        deadline = time.monotonic() + settings.SHUTDOWN_SECONDS + KILL_AFTER_SECONDS
        for one in self._processes:
            self._wait(one, deadline)
        self._metrics.cleanup()

    def replace_the_dead(self) -> bool:
        """Start another process for each that ended; return whether there was one."""
        dead = [one for one in self._processes if one.poll() is not None]
        for one in dead:
            log.error("web_process_ended", pid=one.pid, code=one.returncode)
            self._forget(one)
            self._processes[self._processes.index(one)] = self._start()
        return bool(dead)

    def _start(self) -> "subprocess.Popen[bytes]":
        # what prometheus_client reads to add up the figures of several processes
        surroundings = os.environ | {"PROMETHEUS_MULTIPROC_DIR": self._metrics.name}
        started = subprocess.Popen(self._command, stdin=subprocess.PIPE, start_new_session=True, env=surroundings)  # noqa: S603 (our own command, no shell)
        log.info("web_process_started", pid=started.pid)
        return started

    def _wait(self, one: "subprocess.Popen[bytes]", deadline: float) -> None:
        try:
            one.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("web_process_killed", pid=one.pid)
            one.kill()
            one.wait()
        self._forget(one)

    def _forget(self, one: "subprocess.Popen[bytes]") -> None:
        if one.stdin:
            one.stdin.close()
        multiprocess.mark_process_dead(one.pid, self._metrics.name)  # type: ignore[no-untyped-call]  # the library is half typed
