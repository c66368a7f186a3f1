"""Celery messages, and who may wait for the broker: never a request.

A broker that is down, silent or full costs whoever sends seconds. `send` pays them; `later` leaves them to a thread.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from celery import current_app
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.core import breaker
from project.core.errors import Unreachable

FAILURES = 3
"""After so many messages that no broker took, the next are not even tried for a while."""


def send(task: str, **message: Any) -> None:
    """Send a message; takes seconds where a broker is silent.

    :raises Unreachable: when no broker took it, or it is known to be away.
    """
    broker = breaker.named("broker", timeout=settings.BROKER_SECONDS, volume=FAILURES)
    try:
        broker.call(current_app.send_task, task, **message)
    except Unreachable:
        raise
    except Exception as problem:  # every transport raises its own
        raise Unreachable(_("The message broker cannot be reached.")) from problem


def later(send_it: Callable[..., Any], *args: Any) -> "Future[Any]":
    """Have this process's messenger call `send_it`, one after the other; who asks travels along."""
    return _thread.submit(copy_context().run, send_it, *args)


def _hire() -> None:
    global _thread
    _thread = ThreadPoolExecutor(1, thread_name_prefix="messenger")


_thread: ThreadPoolExecutor
_hire()
os.register_at_fork(after_in_child=_hire)  # a fork inherits the queue, but not the thread
