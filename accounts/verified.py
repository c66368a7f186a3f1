"""Access tokens whose signatures this process has verified: who calls ten times a minute is computed once.

It says nothing about sessions: their standing is looked up for every call, and the token of one that is over is forgotten. Times
and keys are looked at each time too: a token counts no longer, and by no key that counts no more, for being known.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from typing import Any, NamedTuple

from accounts import keys

MOST = 10_000


class Verified(NamedTuple):
    """What was verified, and by which key."""

    claims: dict[str, Any]
    kid: str
    algorithm: str

    @property
    def is_good(self) -> bool:
        now, leeway = time.time(), keys.leeway_seconds()
        if self.claims["exp"] <= now - leeway or self.claims["iat"] > now + leeway:
            return False
        key = keys.find(self.kid)
        return key is not None and key.algorithm == self.algorithm


_known: "OrderedDict[bytes, Verified]" = OrderedDict()
_lock = threading.Lock()


def claims_of(token: str) -> dict[str, Any] | None:
    """What `token` says, if its signature was verified here and it is good at this moment."""
    mark = _mark(token)
    found = _known.get(mark)
    if found is None:
        return None
    if found.is_good:
        return found.claims
    forget(token)
    return None


def keep(token: str, claims: dict[str, Any], kid: str) -> None:
    """Remember a token whose signature by the key `kid` is right."""
    key = keys.find(kid)
    if key is None or "nbf" in claims or not all(isinstance(claims[name], int) for name in ("exp", "iat")):
        return  # not one of those we make: verified each time
    with _lock:
        _known[_mark(token)] = Verified(claims, key.kid, key.algorithm)
        while len(_known) > MOST:
            _known.popitem(last=False)


def forget(token: str) -> None:
    """Verify `token` again, should it come back: its session is over."""
    with _lock:
        _known.pop(_mark(token), None)


def _mark(token: str) -> bytes:
    # the token itself would be worth stealing
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
