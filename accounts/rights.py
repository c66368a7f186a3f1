"""What people may, kept by each process: a call of somebody known asks no table for roles and permissions.

They are kept under the person's `perm_epoch`, which moves whenever their roles change or what these permit, and a minute at most.
"""

import threading
import time
from collections import OrderedDict
from typing import Any, NamedTuple

from accounts.models import Role, User

SECONDS = 60.0
MOST_PEOPLE = 5_000


class Rights(NamedTuple):
    """The roles of a person, highest first, and the permissions they have by them."""

    roles: tuple[Role, ...]
    permissions: frozenset[str]
    until: float


_known: "OrderedDict[tuple[int, int], Rights]" = OrderedDict()
_lock = threading.Lock()


def attach(user: User) -> None:
    """Give `user`, just made of what is kept, their rights: from here or, once in a while, from the tables."""
    if attach_known(user):
        return
    found = _read(user)
    with _lock:
        _known[user.pk, user.perm_epoch] = found
        while len(_known) > MOST_PEOPLE:
            _known.popitem(last=False)
    _give(user, found)


def attach_known(user: User) -> bool:
    """`attach`, if it asks no table; return whether it was done."""
    with _lock:
        found = _known.get((user.pk, user.perm_epoch))
    if found is None or found.until < time.monotonic():
        return False
    _give(user, found)
    return True


def _give(user: User, found: Rights) -> None:
    asked: Any = user
    asked.roles = list(found.roles)
    if not user.is_superuser:
        # where Django's backend looks first
        asked._perm_cache = found.permissions


def _read(user: User) -> Rights:
    # a superuser may everything, by no permission
    permissions = frozenset() if user.is_superuser else frozenset(user.get_all_permissions())
    return Rights(tuple(user.roles), permissions, time.monotonic() + SECONDS)
