"""Signing keys: made on first start, rotated without anybody noticing, published as a JWKS.

    next ── promote ──> current ── promote another ──> retired ── after the longest token's life ──> ignored

accounts.services.keys rotates them; the moments are in `times`.

`current` signs; all three verify (a retired one until its last token has expired). The algorithm always comes from the
key, never from a token. Keys are rows shared by all nodes, or PEM files in JWT_KEYS_DIR for operators who manage files.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.errors import KeyProblem
from accounts.keys import times
from accounts.keys.folder import Folder
from accounts.keys.key import ALGORITHMS, KID, Key, State
from accounts.keys.ring import Ring
from accounts.keys.rows import Rows
from accounts.keys.times import LEEWAY_SECONDS, RELOAD_SECONDS, counts, is_old, leeway_seconds, rotate_at

__all__ = [
    "ALGORITHMS",
    "LEEWAY_SECONDS",
    "RELOAD_SECONDS",
    "Key",
    "State",
    "current",
    "days_of_old",
    "doubts",
    "ensure",
    "find",
    "forget",
    "jwks",
    "leeway_seconds",
    "problems",
    "signer",
    "store",
    "times",
]


def store() -> Rows | Folder:
    """Where the keys are kept."""
    return Folder(settings.JWT_KEYS_DIR) if settings.JWT_KEYS_DIR else Rows()


def ensure() -> list[Key]:
    """Return all keys; on the very first start make one."""
    where = store()
    found = where.load()
    if isinstance(where, Rows) and not any(key.state is State.CURRENT for key in found):
        where.add_first(settings.JWT_ALGORITHM)
        found = where.load()
    return found


_ring = Ring(ensure)


def current() -> Key:
    """Return the key that signs.

    :raises KeyProblem: when there is none or it cannot be used; says what to do.
    """
    for key in _ring.keys().values():
        if key.state is State.CURRENT:
            return key
    raise KeyProblem("There is no current signing key: run `manage.py jwt_keys generate --promote`.")


def signer(kid: str = "") -> Key:
    """Return the key that is to sign: `kid`, for who repeats an answer, if it still may; otherwise the one that signs now.

    :raises KeyProblem: see `current`.
    """
    if not kid:
        return current()
    # another node may have begun to sign with a key that this one has not read yet
    key = _ring.keys().get(kid) or _ring.read_now().get(kid)
    return key if key and key.private is not None else current()


def find(kid: object) -> Key | None:
    """Return the key `kid` if its signatures still count."""
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        return None
    key = _ring.find(kid)
    return key if key and counts(key) else None


def jwks() -> dict[str, list[dict[str, Any]]]:
    """Return the public parts of all keys whose signatures count or will."""
    return {"keys": [key.jwk for key in _ring.keys().values() if counts(key)]}


def forget() -> None:
    """Make this process read the keys again."""
    _ring.forget()


def problems() -> list[str]:
    """Everything that is wrong with the keys, each with what to do about it."""
    try:
        return store().problems()
    except ImproperlyConfigured as problem:
        return [str(problem)]


def doubts() -> list[str]:
    """What is not wrong with the keys yet, each with what to do about it."""
    return [
        f"The current key {key.kid} should have been replaced on {rotate_at(key):%Y-%m-%d} (JWT_KEY_ROTATE_DAYS): "
        "run `manage.py jwt_keys rotate`."
        for key in store().load()
        if is_old(key)
    ]


def days_of_old() -> int | None:
    """For how many days the current key has signed, when that is too long; as far as this process knows."""
    try:
        key = current()
    except (KeyProblem, ImproperlyConfigured):
        return None
    return (timezone.now() - times.signs_since(key)).days if is_old(key) else None
