"""How signing keys change: the page, the API, the command and the schedule all call these.

`by` None is the operator at the shell, or the product itself. Who changes keys in files must be at the shell. No API token
changes keys, nor anybody who acts as somebody else (NotForMachines, NotWhileActing).
"""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import keys
from accounts.errors import KeyInUse, KeyProblem, KeysInFiles, NoSuchKey, RotatedMeanwhile
from accounts.keys import Key, State, times
from accounts.keys.folder import Folder
from accounts.keys.rows import Rows
from accounts.models import User
from accounts.services import guards
from project.core import audit

Store = Rows | Folder


@transaction.atomic
def prepare_key(*, by: User | None, algorithm: str = "") -> Key:
    """Make the key that is to sign next, and publish it; one that waits already is the answer.

    :raises ValidationError: for an algorithm there is not.
    :raises KeysInFiles: when it is not the operator who asks, and the keys are files.
    """
    store = _store(by)
    waiting = _waiting(_all(store))
    return waiting if waiting and algorithm in ("", waiting.algorithm) else _made(store, by, algorithm)


@transaction.atomic
def generate_key(*, by: User | None, algorithm: str = "") -> Key:
    """Make a key that waits, whatever waits already.

    :raises ValidationError, KeysInFiles: see `prepare_key`.
    """
    return _made(_store(by), by, algorithm)


@transaction.atomic
def rotate_keys(*, by: User | None, force: bool = False, current: str = "", algorithm: str = "") -> Key:
    """Let the next key sign, made now if none waits; the one before it retires, and nobody is signed out.

    Until verifiers know it (`times.PUBLISH`) the key waits and takes over by itself: `promote_at` of the answer says when.

    :param force: at once. Whoever verifies our tokens and has not read the JWKS again refuses new ones until then.
    :param current: the key that signs as far as the caller knows.
    :raises RotatedMeanwhile: when another one signs already.
    :raises KeyProblem: keys in files cannot take over by themselves; says when to ask again.
    """
    store = _store(by)
    known = _all(store)
    if current and current not in {key.kid for key in known if key.state is State.CURRENT}:
        raise RotatedMeanwhile
    waiting = _waiting(known)
    if waiting is None or algorithm not in ("", waiting.algorithm):
        waiting = _made(store, by, algorithm)
    if force or times.ready_at(waiting) <= timezone.now():
        return _promoted(store, by, waiting.kid, forced=force)
    return _scheduled(store, by, waiting)


@transaction.atomic
def promote_key(*, by: User | None, kid: str = "") -> Key:
    """Let a waiting key sign at once: the newest one unless `kid` names another.

    :raises KeyProblem: when there is none, or it cannot sign.
    """
    store = _store(by)
    waiting = None if kid else _waiting(_all(store))
    if not kid and waiting is None:
        raise KeyProblem("No key waits: make one with `jwt_keys generate`.")
    return _promoted(store, by, kid or (waiting.kid if waiting else ""), forced=True)


@transaction.atomic
def retire_key(*, by: User | None, kid: str, stolen: bool = False, reason: str = "") -> Key | None:
    """Stop using a key: its last tokens run out, or, when it was stolen, are refused within `keys.RELOAD_SECONDS`.

    A stolen key that signs at present is replaced first; the key that signs instead is the answer then.

    :raises NoSuchKey: when it is unknown, or retired already and not stolen.
    :raises KeyInUse: when it signs at present and was not stolen.
    """
    store = _store(by)
    key = next((one for one in _all(store) if one.kid == kid), None)
    if key is None or (key.state is State.RETIRED and not stolen):
        raise NoSuchKey(kid=kid)
    successor = None
    if key.state is State.CURRENT:
        if not stolen:
            raise KeyInUse(kid=kid)
        successor = rotate_keys(by=by, force=True)
    (store.distrust if stolen else store.retire)(kid)
    audit.record("signing_key.retired", actor=by, reason=reason, kid=kid, stolen=stolen)
    _forget()
    return successor


def keep_rotating() -> Key | None:
    """Let a key whose time has come sign; with JWT_KEY_AUTO_ROTATE begin to replace one that is too old.

    Called every minute.
    """
    if settings.JWT_KEYS_DIR:
        return None
    known = keys.store().load()
    now = timezone.now()
    due = [key for key in known if key.state is State.NEXT and key.promote_at and key.promote_at <= now]
    if due:
        return promote_due(due[-1].kid)
    under_way = any(key.promote_at for key in known)
    if settings.JWT_KEY_AUTO_ROTATE and not under_way and any(times.is_old(key) for key in known):
        return rotate_keys(by=None)
    return None


@transaction.atomic
def promote_due(kid: str) -> Key | None:
    """Let `kid` sign, unless somebody was faster."""
    store = _store(None)
    key = next((one for one in _all(store) if one.kid == kid), None)
    if key is None or key.state is not State.NEXT or key.promote_at is None:
        return None
    return _promoted(store, None, kid, forced=False)


def _store(by: User | None) -> Store:
    guards.ensure_person(by)
    store = keys.store()
    if by is not None and isinstance(store, Folder):
        raise KeysInFiles(folder=store.path)
    return store


def _all(store: Store) -> list[Key]:
    return store.locked() if isinstance(store, Rows) else store.load()


def _waiting(known: list[Key]) -> Key | None:
    """The newest key that waits and that we can sign with."""
    return next((key for key in reversed(known) if key.state is State.NEXT and key.private is not None), None)


def _made(store: Store, by: User | None, algorithm: str) -> Key:
    if algorithm and algorithm not in keys.ALGORITHMS:
        expected = ", ".join(keys.ALGORITHMS)
        raise ValidationError({"algorithm": _("Choose one of {expected}.").format(expected=expected)})
    key = store.add(algorithm or settings.JWT_ALGORITHM)
    audit.record("signing_key.generated", actor=by, kid=key.kid, algorithm=key.algorithm)
    _forget()
    return key


def _promoted(store: Store, by: User | None, kid: str, *, forced: bool) -> Key:
    store.promote(kid)
    audit.record("signing_key.promoted", actor=by, kid=kid, forced=forced)
    _forget()
    return _found(store, kid)


def _scheduled(store: Store, by: User | None, key: Key) -> Key:
    at: datetime = times.ready_at(key)
    if isinstance(store, Folder):
        raise KeyProblem(
            f"{key.kid} is not known everywhere yet: run this again after {timezone.localtime(at):%H:%M}, or with --force."
        )
    if key.promote_at is None:
        store.schedule(key.kid, at)
        audit.record("signing_key.scheduled", actor=by, kid=key.kid, at=at.isoformat())
        _forget()
    return _found(store, key.kid)


def _found(store: Store, kid: str) -> Key:
    return next(key for key in store.load() if key.kid == kid)


def _forget() -> None:
    keys.forget()
    transaction.on_commit(keys.forget)
