"""The cache and the state store, by the names of one catalogue.

    cache.get("session", sid)                       # None on a miss; a store that is down is a miss
    cache.read_through("menu", role, load=fn)       # what `fn` answers is kept
    cache.forget("menu", role)

    cache.state.add("ticket", value, value=sid)     # raises errors.Unreachable rather than guess
    await cache.state.atake("ticket", value)        # of many takers, one gets it

CACHE_URL chooses memory://, file:///folder or redis://…; values are plain JSON; a TTL of 0 is for ever.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import caches

from project.core.cache import local
from project.core.cache.asking import leave
from project.core.cache.backends import MISSING, Cache, StateCache, encoded
from project.core.cache.catalogue import FOR_EVER, KEYS, Key, find, key
from project.core.cache.owed import Owed
from project.core.errors import Unreachable
from project.core.redis_url import SCHEMES

__all__ = [
    "FOR_EVER",
    "KEYS",
    "Cache",
    "Key",
    "StateCache",
    "forget",
    "get",
    "key",
    "leave",
    "read_through",
    "set",
    "state",
]

T = TypeVar("T")
MARGIN_SECONDS = 5
"""Two machines' clocks may differ by so much."""


def get(name: str, *parts: object, default: Any = None) -> Any:
    """Return what is kept under the name and parts, else `default`."""
    wanted, entry = key(name, *parts), find(name)
    tier = _tier(entry)
    if tier is None:
        return _cache().get(wanted, default)
    text = tier.read(wanted, partial(_text, wanted), entry.seconds or None)
    return default if text is None else json.loads(text)


def set(name: str, *parts: object, value: Any, ttl: float | None = None) -> None:  # noqa: A001 (reads as cache.set)
    """Keep `value` for the catalogue's time, or `ttl` seconds; 0 = for ever."""
    entry, wanted = find(name), key(name, *parts)
    _cache().set(wanted, value, _timeout(entry, ttl))
    if tier := _tier(entry):
        tier.changed(wanted)


def read_through(name: str, *parts: object, load: Callable[[], T]) -> T:
    """Return what is kept, else what `load` answers, which is kept from then on."""
    found = get(name, *parts, default=MISSING)
    if found is not MISSING:
        return cast("T", found)
    value = load()
    # `add`: what somebody wrote while we loaded is newer than what we loaded
    _cache().add(key(name, *parts), value, _timeout(find(name), None))
    return value


def forget(name: str, *parts: object) -> None:
    """Drop what is kept, everywhere."""
    wanted = key(name, *parts)
    _cache().delete(wanted)
    if tier := _tier(find(name)):
        tier.changed(wanted)


class State:
    """The strict store: but for `insist`, every method raises `errors.Unreachable` when it cannot be sure."""

    def get(self, name: str, *parts: object, default: Any = None) -> Any:
        return _state().get(key(name, *parts), default)

    def text(self, name: str, *parts: object) -> str | None:
        """What is kept, as the JSON it is kept as."""
        return _state().text(key(name, *parts))

    def insist(self, name: str, *parts: object, value: Any, ttl: float) -> None:
        """Keep `value`, or let nothing else be kept in its place; a store that is down is told when it answers again.

        It is for what must not be forgotten ("this is over"), written once for a key; it raises nothing.
        """
        self._insist(name, {key(name, *parts): value}, ttl)

    def insist_many(self, name: str, values: Mapping[str, Any], *, ttl: float) -> None:
        """Insist on many values at once, each under the one part that `name` takes."""
        self._insist(name, {key(name, part): value for part, value in values.items()}, ttl)

    def _insist(self, name: str, wanted: Mapping[str, Any], ttl: float) -> None:
        if not _told(wanted, ttl):
            for one, value in wanted.items():
                _owed.add(one, value, ttl, find(name).seconds + MARGIN_SECONDS)

    def failed_of_late(self, name: str) -> bool:
        """Did it fail while anything kept under `name` now was kept already? That may have missed a change since."""
        return _state().failed_within(find(name).seconds + MARGIN_SECONDS)

    def set(self, name: str, *parts: object, value: Any, ttl: float | None = None) -> None:
        _state().set(key(name, *parts), value, _timeout(find(name), ttl))

    def add(self, name: str, *parts: object, value: Any, ttl: float | None = None) -> bool:
        """Keep `value` unless something is kept already; return whether it was kept."""
        return _state().add(key(name, *parts), value, _timeout(find(name), ttl))

    def take(self, name: str, *parts: object, default: Any = None) -> Any:
        """Get and delete in one step: of many takers, one gets it."""
        return _state().take(key(name, *parts), default)

    def delete(self, name: str, *parts: object) -> bool:
        return _state().delete(key(name, *parts))

    def delete_many(self, name: str, parts: Iterable[str]) -> None:
        """Delete many at once, each under the one part that `name` takes."""
        _state().delete_many([key(name, part) for part in parts])

    def incr(self, name: str, *parts: object, by: int = 1, ttl: float | None = None) -> int:
        """Add to a counter that lives from its first count for the catalogue's time; return the sum."""
        return _state().count(key(name, *parts), by, _timeout(find(name), ttl))

    async def atext(self, name: str, *parts: object) -> str | None:
        """`text`; Redis is asked without a thread."""
        return await _state().atext(key(name, *parts))

    async def aget(self, name: str, *parts: object, default: Any = None) -> Any:
        return await _state().in_thread(self.get, name, *parts, default=default)

    async def aset(self, name: str, *parts: object, value: Any, ttl: float | None = None) -> None:
        await _state().in_thread(self.set, name, *parts, value=value, ttl=ttl)

    async def aadd(self, name: str, *parts: object, value: Any, ttl: float | None = None) -> bool:
        return await _state().in_thread(self.add, name, *parts, value=value, ttl=ttl)

    async def atake(self, name: str, *parts: object, default: Any = None) -> Any:
        """`take`; Redis is asked without a thread."""
        return await _state().atake(key(name, *parts), default)

    async def adelete(self, name: str, *parts: object) -> bool:
        return await _state().in_thread(self.delete, name, *parts)

    async def aincr(self, name: str, *parts: object, by: int = 1, ttl: float | None = None) -> int:
        return await _state().in_thread(self.incr, name, *parts, by=by, ttl=ttl)


def _told(wanted: Mapping[str, Any], ttl: float) -> bool:
    for tell in (partial(_state().set_many, wanted, ttl), partial(_state().delete_many, wanted)):
        try:
            tell()  # a full Redis keeps nothing more, but deletes
        except Unreachable:
            continue
        return True
    return False


state = State()
_owed = Owed(lambda wanted, value, ttl: _told({wanted: value}, ttl))


def _cache() -> Cache:
    return cast("Cache", caches["default"])


def _state() -> StateCache:
    return cast("StateCache", caches["state"])


def _timeout(entry: Key, ttl: float | None) -> float | None:
    seconds = entry.seconds if ttl is None else ttl
    return None if seconds == FOR_EVER else seconds


def _tier(entry: Key) -> local.LocalTier | None:
    url = settings.CACHES["default"]["LOCATION"]
    return local.tier(url) if entry.local and url.split(":")[0] in SCHEMES else None


def _text(wanted: str) -> str | None:
    found = _cache().get(wanted, MISSING)
    return None if found is MISSING else encoded(wanted, found)
