"""The worker and the scheduler as threads of a node's process.

The threads only make things happen sooner: work is rows (project.core.jobs), so cutting a thread loses nothing.
"""

import threading
import time
from typing import Any

import structlog
from celery import beat, signals
from celery.worker import state
from django.conf import settings
from django.db import close_old_connections

from project.celery import app

log = structlog.get_logger(__name__)
BEAT_SECONDS = 5
THREADS = 4


class Background:
    """A Celery worker, a scheduler, or both, running in threads of this process."""

    def __init__(self, *, worker: bool = True, scheduler: bool = True) -> None:
        self._ready = threading.Event()
        self._threads: list[threading.Thread] = []
        self._beat: Any = None
        if worker:
            self._threads.append(threading.Thread(target=self._work, name="worker", daemon=True))
        else:
            self._ready.set()
        if scheduler:
            self._beat = beat.Service(app, max_interval=BEAT_SECONDS, scheduler_cls=app.conf.beat_scheduler)
            self._threads.append(threading.Thread(target=self._schedule, name="scheduler", daemon=True))

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until tasks are taken; return whether they are."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """Ask the threads to end after what they are doing; return at once."""
        if self._beat is not None:
            self._beat._is_shutdown.set()
        state.should_stop = 0  # type: ignore[assignment]  # Celery's flag: None, or an exit code

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

    def _work(self) -> None:
        controller = app.WorkController(
            app=app,
            hostname="embedded@localhost",
            pool="threads",
            concurrency=THREADS,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
            ready_callback=lambda _consumer: self._ready.set(),
        )
        # only Celery's own command gives a task's connection back
        signals.task_postrun.connect(_give_back_connection)
        try:
            controller.start()
        except SystemExit:
            log.debug("worker_ended")

    def _schedule(self) -> None:
        self._beat.start(embedded_process=False)


def _give_back_connection(**_about: Any) -> None:
    close_old_connections()
