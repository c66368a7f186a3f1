"""Which connections are being watched, as rows: who is watched can be told, and an end is written down whatever happens.

The node that serves a connection deletes the row when the watch ends (realtime/tap.py). A row that nobody has asked about for a
minute is what a node left behind that was killed: its end is written by the sweep.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from project.core import audit
from realtime.core.connection import ConnectionInfo
from realtime.models import Watch

LOST_AFTER = timedelta(minutes=1)
"""Three times what a watch lives unless somebody says that it goes on."""
NODE_LOST = "node lost"


def begun(connection: ConnectionInfo, *, watcher: str, by: Any, user: Any) -> tuple[Watch, bool]:
    """Return the row of a watch of `by`, and whether it is new."""
    about = {"session_id": connection["session_id"], "user": user, "watched_by": by}
    return Watch.objects.get_or_create(connection=connection["id"], watcher=watcher, defaults=about)


def goes_on(watch: Watch) -> None:
    """Note that somebody said so a moment ago."""
    now = timezone.now()
    if not Watch.objects.filter(pk=watch.pk).update(seen_at=now):  # the end of the one before was written in between
        about = {"session_id": watch.session_id, "user": watch.user, "watched_by": watch.watched_by}
        Watch.objects.get_or_create(connection=watch.connection, watcher=watch.watcher, defaults=about)


def end(watch: Watch, why: str, **details: Any) -> None:
    """Write down that a watch is over: once, however many notice."""
    with transaction.atomic():
        if Watch.objects.filter(pk=watch.pk).delete()[0]:
            audit.record(
                "realtime.watch_ended",
                watch.user,
                actor=watch.watched_by,
                connection_id=watch.connection,
                why=why,
                **details,
            )


def end_lost() -> int:
    """End the watches whose node is gone; return how many."""
    lost = Watch.objects.select_related("user", "watched_by").filter(seen_at__lt=timezone.now() - LOST_AFTER)
    for watch in (found := list(lost)):
        end(watch, NODE_LOST, seconds=round((watch.seen_at - watch.started_at).total_seconds()))
    return len(found)


def watched_sessions(session_ids: Collection[str]) -> set[str]:
    """Return those of `session_ids` of which a connection is being watched."""
    return set(Watch.objects.filter(session_id__in=session_ids).values_list("session_id", flat=True))
