"""What the worker does for the gateway."""

from typing import Any

from celery import shared_task

from project.core.errors import Unreachable
from realtime import queue, watches
from realtime.errors import GatewayUnreachable
from realtime.queue import attempts, dead


@shared_task(name="realtime.put", autoretry_for=(GatewayUnreachable, Unreachable), retry_backoff=True, max_retries=8)
def put(**message: Any) -> str:
    """Put a message on the queue, for services that speak Celery with the same broker."""
    return queue.put(message)


@shared_task(name="realtime.purge")
def purge() -> int:
    """Delete old dead letters, and old notes of attempts."""
    return dead.purge() + attempts.purge()


@shared_task(name="realtime.end_lost_watches")
def end_lost_watches() -> int:
    """Write down the end of watches whose node was killed."""
    return watches.end_lost()
