"""How often rules decided: counted in memory, added to the rows every few seconds.

Each process adds what it counted itself, so the sum is right over all of them; one that is killed loses its last seconds.
"""

import threading
from datetime import datetime

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import AddressRule

log = structlog.get_logger(__name__)

LAST_SECONDS = 2.0

_lock = threading.Lock()
_writing = threading.Lock()
_counted: dict[int, tuple[int, datetime]] = {}
_timer: threading.Timer | None = None


def count(rule: int) -> None:
    """Note that `rule` decided."""
    with _lock:
        number, _last = _counted.get(rule, (0, None))
        _counted[rule] = (number + 1, timezone.now())
        _wind()


def flush() -> None:
    """Add what was counted to the rows; what cannot be written is kept for the next time."""
    with _writing:
        with _lock:
            counted = dict(_counted)
            _counted.clear()
        try:
            _write(counted)
        except (DatabaseError, InterfaceError) as problem:
            log.info("addresses.hits_not_written", problem=str(problem))
            with _lock:
                for rule, (number, last) in counted.items():
                    more, newest = _counted.get(rule, (0, last))
                    _counted[rule] = (number + more, max(last, newest))
                _wind()


@transaction.atomic
def _write(counted: dict[int, tuple[int, datetime]]) -> None:
    # in one order, so that two processes never wait for each other
    for rule, (number, last) in sorted(counted.items()):
        rows = AddressRule.objects.filter(pk=rule)
        rows.update(hits=F("hits") + number)
        rows.filter(Q(last_hit_at=None) | Q(last_hit_at__lt=last)).update(last_hit_at=last)


def finish() -> None:
    """Write what is left, before the process ends; a database that is away does not hold it up."""
    if _counted:
        writing = threading.Thread(target=flush, name="address-hits", daemon=True)
        writing.start()
        writing.join(LAST_SECONDS)


def forget() -> None:
    """Drop what was not written yet."""
    with _lock:
        _counted.clear()


def _wind() -> None:
    global _timer
    if _timer is None or not _timer.is_alive():
        _timer = threading.Timer(settings.ADDRESS_RULES_FLUSH_SECONDS, _ring)
        _timer.daemon = True
        _timer.start()


def _ring() -> None:
    global _timer
    with _lock:
        _timer = None
        if not _counted:
            return
    try:
        flush()
    finally:
        connection.close()
