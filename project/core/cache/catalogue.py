"""Every key of the cache and of the state store, in one place: its pattern, how long it lives, who may remember it."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings

FOR_EVER = 0


class Key(NamedTuple):
    """What is kept under a name."""

    pattern: str
    """`{}` per part."""
    ttl: int | Callable[[], int] = FOR_EVER
    """Seconds; 0 = for ever."""
    local: bool = False
    """May each process keep a copy for up to 5 minutes? See `local.py` for how stale it may get."""

    @property
    def seconds(self) -> int:
        return self.ttl() if callable(self.ttl) else self.ttl


KEYS: dict[str, Key] = {
    # what is known of a login session: read on every authenticated call, rows are the truth
    "session": Key("session:{}", 60),
    # "this session is over", longer than any access token of it can live
    "tombstone": Key("tombstone:{}", lambda: settings.ACCESS_TOKEN_EXPIRES + 60),
    # a user's auth_epoch (password change, disable, log out everywhere)
    "epoch": Key("epoch:{}", 60),
    # replaced by every change of the address rules
    "address_rules": Key("address_rules", 86_400),
    # what is known of an API token: read on every call of a machine, rows are the truth
    "machine": Key("machine:{}", 60),
    # one-time credential of a socket
    "ticket": Key("ticket:{}", 30),
    # until when no more codes go to a phone, or are sent for an address: rows are the truth
    "sms_closed": Key("sms_closed:{}:{}", 60),
    # who is online where; refreshed by each node
    "presence": Key("presence:{}", 90),
}


def find(name: str) -> Key:
    """:raises KeyError: naming the known ones."""
    try:
        return KEYS[name]
    except KeyError:
        raise KeyError(f"no cache key is called {name!r}; known: {', '.join(sorted(KEYS))}") from None


def key(name: str, *parts: object) -> str:
    """Return the key called `name` for `parts`; parts cannot run into each other."""
    found = find(name)
    if found.pattern.count("{}") != len(parts):
        raise TypeError(
            f"the key {name!r} is {found.pattern!r}: it takes {found.pattern.count('{}')} parts, not {len(parts)}"
        )
    return found.pattern.format(*(quote(str(part), safe="") for part in parts))
