"""How often delivering a message was begun and never came to an end: whoever tried was gone by then.

RabbitMQ tells only that a message was handed out before, not how often; and that says nothing of the one message that
does the harm, as those fetched with it come back too. So what comes again is counted in a row before it is tried.
"""

import hashlib
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone

from realtime.models import Attempt

log = logging.getLogger(__name__)
KEPT_DAYS = 7
PROBLEMS = (DatabaseError, InterfaceError)


def harmless(bodies: Sequence[bytes]) -> bool:
    """Tell whether nobody was gone yet while these, which were handed out before, were tried together."""
    close_old_connections()
    try:
        return not Attempt.objects.filter(pk__in=map(_key, bodies)).exists()
    except PROBLEMS:
        return True
    finally:
        connection.close()


@contextmanager
def counted(bodies: Sequence[bytes]) -> Iterator[int]:
    """Try in this block to deliver messages that were handed out before; yields the number of the attempt, from 2.

    Only a block that never ends is one attempt more for the next. Without a database nothing is counted. For a thread of
    its own: it keeps no connection.
    """
    keys = {_key(body) for body in bodies}
    try:
        yield 1 + _begun(keys)
    finally:
        with suppress(*PROBLEMS):  # one that stays is deleted in a week
            Attempt.objects.filter(pk__in=keys).delete()
        connection.close()


def purge() -> int:
    """Delete what is of no use any more; return how many."""
    return Attempt.objects.filter(begun_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def _key(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _begun(keys: Collection[str]) -> int:
    close_old_connections()
    try:
        with transaction.atomic():
            Attempt.objects.bulk_create([Attempt(pk=key, begun=0) for key in keys], ignore_conflicts=True)
            these = Attempt.objects.filter(pk__in=keys)
            these.update(begun=F("begun") + 1, begun_at=timezone.now())
            return max(these.values_list("begun", flat=True))
    except PROBLEMS as problem:
        log.warning("Attempts to deliver a message cannot be counted (%s).", type(problem).__name__)
        return 1
