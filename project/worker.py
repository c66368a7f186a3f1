"""The worker and the scheduler of a node.

Beside a web server they are threads of its process (`Background`); a worker of its own is a `Crew` of processes. Either
only makes things happen sooner: work is rows (project.core.jobs), so cutting it loses nothing.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from billiard import active_children
from celery import beat, signals
from celery.worker import request, state
from django.conf import settings
from django.db import close_old_connections, connections

from project.celery import app
from project.core import logs

log = structlog.get_logger(__name__)
BEAT_SECONDS = 5
THREADS = 4
AGAIN_SECONDS = 1
LAST_WORD_SECONDS = 2
"""What a process whose job was cut has to give its row back, and the worker to give its messages back."""


class Background:
    """A Celery worker, a scheduler, or both, running in threads of this process."""

    def __init__(self, *, worker: bool = True, scheduler: bool = True) -> None:
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._beat: Any = None
        if worker:
            self._add("worker", self._work)
        else:
            self._ready.set()
        if scheduler:
            self._add("scheduler", self._schedule)

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until tasks are taken; return whether they are."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """Ask the threads to end after what they are doing; return at once."""
        self._stopping.set()
        if self._beat is not None:
            self._beat._is_shutdown.set()
        _stop_taking()

    def join(self, seconds: float) -> bool:
        """Wait for what runs to end; return whether it did.

        A real broker gets its unread messages back, which takes a moment; the one in memory dies with the process.
        """
        deadline = time.monotonic() + seconds
        if settings.EMBEDDED_BROKER:
            while state.active_requests and time.monotonic() < deadline:
                time.sleep(0.02)
            return not state.active_requests
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _add(self, name: str, run: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=self._forever, args=(run,), name=name, daemon=True))

    def _forever(self, run: Callable[[], None]) -> None:
        """A database or broker that fails in a new way must not leave a node that serves pages and does no work."""
        while not self._stopping.is_set():
            try:
                run()
            except SystemExit:
                log.debug("thread_ended", thread=threading.current_thread().name)
            except Exception:
                log.exception("thread_failed", thread=threading.current_thread().name)
            self._stopping.wait(AGAIN_SECONDS)

    def _work(self) -> None:
        signals.task_postrun.connect(_give_back_connection, dispatch_uid="gatehouse.connection")
        _controller("embedded@localhost", "threads", THREADS, self._ready.set).start()

    def _schedule(self) -> None:
        connections.close_all()
        self._beat = beat.Service(app, max_interval=BEAT_SECONDS, scheduler_cls=app.conf.beat_scheduler)
        if not self._stopping.is_set():
            self._beat.start(embedded_process=False)


class Crew:
    """A Celery worker with a process for each job: a job that crashes, leaks or hangs takes down only its own.

    Belongs into the main thread of a process that does nothing else: it forks.
    """

    def __init__(self, *, ready: Callable[[], None]) -> None:
        self._controller = _controller(f"worker@{socket.gethostname()}", "prefork", settings.WORKER_CONCURRENCY, ready)
        self._told = False

    def run(self) -> bool:
        """Work until `stop`; return whether that was why it ended."""
        _close_databases()
        signals.worker_process_init.connect(_begin_as_child, dispatch_uid="gatehouse.child")
        self._controller.start()
        return self._told

    def stop(self) -> None:
        """Take no more jobs, and cut those that last longer than SHUTDOWN_SECONDS; return at once."""
        if not self._told:
            self._told = True
            _stop_taking()
            threading.Thread(target=self._cut, name="cut", daemon=True).start()

    def _cut(self) -> None:
        time.sleep(settings.SHUTDOWN_SECONDS)
        for child in active_children():
            log.warning("job_process_cut", pid=child.pid)
            child.terminate()
        time.sleep(LAST_WORD_SECONDS)
        logs.flush()
        os._exit(0)


class Request(request.Request):
    """A message a worker has, of which the broker is told what became of it, or the worker connects anew.

    Celery only logs that it could not tell. The message then keeps its place among those a worker may have at once, and
    when all places are lost so, the worker looks well and hears nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # none of them is only logged: each reaches the worker's loop, which then connects anew
        super().__init__(*args, **kwargs | {"connection_errors": ()})


def _controller(name: str, pool: str, concurrency: int, ready: Callable[[], None]) -> Any:
    return app.WorkController(
        app=app,
        hostname=name,
        pool=pool,
        concurrency=concurrency,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        ready_callback=lambda _consumer: ready(),
    )


def _give_back_connection(**_about: Any) -> None:
    close_old_connections()


def _stop_taking() -> None:
    state.should_stop = 0  # type: ignore[assignment]  # Celery's flag: None, or an exit code


def _close_databases() -> None:
    """A fork would share the sockets, and inherit pools without the threads that keep them."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def _begin_as_child(**_signal: Any) -> None:
    # a job that is told to end gives its row back on its way out
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for one in (signal.SIGHUP, signal.SIGQUIT):  # a terminal sends them to all; the worker decides when we end
        signal.signal(one, signal.SIG_IGN)
