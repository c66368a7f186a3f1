"""How much background work waits, and for how long: rows that are their own queue, and messages for sockets."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from project.core import jobs
from project.core.admin import badge, duration
from realtime import cluster
from realtime.queue import stream

LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Queue:
    """One kind of work."""

    label: str
    waiting: int
    running: int
    age: str
    late: bool
    badge: SafeString


def waiting() -> list[Queue]:
    """Return every kind of background work with what waits and runs."""
    return [_of(model) for model in jobs.registered()] + _of_messages()


def late() -> list[str]:
    """Return the kinds of work that wait for longer than LATE: no worker lives, or those that do hear nothing."""
    return [queue.label for queue in waiting() if queue.late]


def _of(model: type[jobs.Job]) -> Queue:
    now = timezone.now()
    held = Q(lease_until__gt=now)
    due = ~held & Q(next_at__lte=now)
    rows = model._base_manager.filter(state__in=model.CLAIMABLE)
    found: dict[str, Any] = rows.aggregate(
        waiting=Count("pk", filter=~held), running=Count("pk", filter=held), oldest=Min("next_at", filter=due)
    )
    age = now - found["oldest"] if found["oldest"] else timedelta()
    return _seen(str(model._meta.verbose_name_plural).capitalize(), found["waiting"], found["running"], age)


def _of_messages() -> list[Queue]:
    if not (settings.GATEWAY_QUEUE and cluster.shared()):
        return []
    try:
        length, seconds = stream.backlog()
    except (RedisError, OSError):
        return []  # the probes tell about Redis
    return [_seen(_("Messages for sockets"), length, 0, timedelta(seconds=seconds))]


def _seen(label: str, waiting: int, running: int, age: timedelta) -> Queue:
    late = age > LATE
    mark = badge(_("late"), "warn") if late else badge(_("on time"), "ok")
    return Queue(label, waiting, running, duration(age) if age else "", late, mark)
