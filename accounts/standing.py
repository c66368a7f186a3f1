"""What is known of a session right now: may it still let its person in, and if not, why?

The row is the truth. With a shared cache (Redis) a snapshot of row and person spares the query: it is fetched for every call,
and only understood anew when it changed. On SQLite what was read stays good for as long as nobody has written to the
file, which SQLite tells. Otherwise the database is asked each time. The cache's errors send us to the database; when that
is gone too, the answer is "cannot be reached", never "signed out".
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, models
from django.db.models.base import ModelState
from django.utils import timezone

from accounts import rights
from accounts.models import ApiToken, LoginSession, User
from project.core import cache, sqlite_watch
from project.core.errors import Unreachable
from project.core.redis_url import SCHEMES

log = structlog.get_logger(__name__)
Reason = LoginSession.Reason
M = TypeVar("M", bound=models.Model)

NOT_KEPT: dict[type[models.Model], set[str]] = {User: {"password"}, LoginSession: {"family_secret"}}
ENDED = "ended"
_USER = LoginSession._meta.get_field("user")
ROWS_SECONDS = 60.0
MOST_ROWS = 10_000


class Standing(NamedTuple):
    """A session with its person; `reason` says why it is over and is empty while it is not."""

    session: LoginSession
    reason: str

    @property
    def user(self) -> User:
        return self.session.user


def of(sid: str) -> Standing | None:
    """Return the standing of the session `sid`; None when there never was one.

    :raises Unreachable: when neither cache nor database can be asked.
    """
    if connection.in_atomic_block:
        return _from_row(sid, keeps=False)  # what may be taken back yet is for nobody else
    if is_shared():
        text = _kept(sid)
        return _with_rights(_from_row(sid) if text is None else _understood(sid, text))
    version = sqlite_watch.version()
    if version is None:
        return _from_row(sid)
    row = _rows.get(sid, version)
    if row is not None:
        return _with_rights(_judged(row.copied()))
    found = _from_row(sid)
    if found is not None and not found.reason:
        _rows.keep(sid, version, found.session)
    return _with_rights(found)


async def known(sid: str) -> Standing | None:
    """Return the standing of a session that goes on, if no thread is needed to learn it: for the event loop.

    None says nothing at all: then `of` must be asked, in a thread.
    """
    if is_shared():
        text = await _akept(sid)
        found = _understood(sid, text) if text is not None else None
    else:
        version = sqlite_watch.version_outside()
        row = None if version is None else _rows.get(sid, version)
        found = _judged(row.copied()) if row is not None else None
    return found if found and not found.reason and rights.attach_known(found.user) else None


def _understood(sid: str, text: str) -> Standing:
    row = _rows.get(sid, text)
    if row is None:
        kept = json.loads(text)
        if ENDED in kept:
            return Standing(LoginSession(sid=sid), kept[ENDED])
        session = revived(LoginSession, kept["session"])
        session.user = revived(User, kept["user"])
        row = _rows.keep(sid, text, session)
    return _judged(row.copied())


def _judged(session: LoginSession) -> Standing:
    return Standing(session, judge(session))


def _with_rights(found: Standing | None) -> Standing | None:
    if found is not None and not found.reason:
        try:
            rights.attach(found.user)
        except (OperationalError, InterfaceError) as problem:
            # whoever asks for them will hear of it
            log.debug("session.rights_not_read", problem=str(problem))
    return found


def judge(session: LoginSession) -> str:
    """Tell why `session` is over, from the row and its person; "" when it is not."""
    user = session.user
    if session.ended_at is not None:
        return session.end_reason
    if not user.is_active:
        return Reason.DISABLED
    if session.auth_epoch != user.auth_epoch:
        return Reason.REVOKED
    return "" if session.runs_out_at > timezone.now() else Reason.EXPIRED


def bury(reasons: Mapping[str, str]) -> None:
    """Mark sessions as over, each for its reason, for every node and longer than any of their access tokens lives."""
    if is_shared() and reasons:
        marks = {sid: {ENDED: reason} for sid, reason in reasons.items()}
        cache.state.insist_many("session", marks, ttl=settings.ACCESS_TOKEN_EXPIRES + 60)


def forget(*sids: str, name: str = "session") -> None:
    """Let the next call read the rows again; a cache that is down has nothing to forget."""
    if is_shared() and sids:
        try:
            cache.state.delete_many(name, sids)
        except Unreachable as problem:
            log.warning("session.not_forgotten", problem=str(problem))


def forget_people(user_ids: Collection[int]) -> None:
    """Let the next call of these people read their rows again."""
    if is_shared():
        forget(*LoginSession.objects.live().filter(user__in=user_ids).values_list("sid", flat=True))
        tokens = ApiToken.objects.live().filter(owner__in=user_ids)
        forget(*tokens.values_list("key_id", flat=True), name="machine")


class Row(NamedTuple):
    """A session and its person as they were read, never handed out themselves."""

    mark: Hashable
    until: float
    session: dict[str, Any]
    user: dict[str, Any]

    def copied(self) -> LoginSession:
        session = _made(LoginSession, self.session)
        _USER.set_cached_value(session, _made(User, self.user))
        return session


class _Rows:
    """What this process has read, each under the mark that says whether it is still so."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sid: str, mark: Hashable) -> Row | None:
        with self._lock:
            row = self._rows.get(sid)
            if row is None or row.mark != mark or row.until < time.monotonic():
                return None
            self._rows.move_to_end(sid)
            return row

    def keep(self, sid: str, mark: Hashable, session: LoginSession) -> Row:
        row = Row(mark, time.monotonic() + ROWS_SECONDS, _fields(session), _fields(session.user))
        with self._lock:
            self._rows[sid] = row
            self._rows.move_to_end(sid)
            while len(self._rows) > MOST_ROWS:
                self._rows.popitem(last=False)
        return row


_rows = _Rows()


def _fields(row: models.Model) -> dict[str, Any]:
    names = {field.attname for field in row._meta.concrete_fields}
    return {name: value for name, value in vars(row).items() if name in names}


def _made(model: type[M], fields: dict[str, Any]) -> M:
    """A row of its own of what was read; `Model.from_db` would go through each field again."""
    row = model.__new__(model)
    row._state = ModelState()
    row._state.db, row._state.adding = "default", False
    vars(row).update(fields)
    return row


def _kept(sid: str) -> str | None:
    # a store that failed may have missed that a session ended: until what it holds has run out, the rows are asked
    if cache.state.failed_of_late("session"):
        return None
    try:
        return cache.state.text("session", sid)
    except Unreachable as problem:
        log.debug("session.cache_down", problem=str(problem))
        return None


async def _akept(sid: str) -> str | None:
    if cache.state.failed_of_late("session"):
        return None
    try:
        return await cache.state.atext("session", sid)
    except Unreachable as problem:
        log.debug("session.cache_down", problem=str(problem))
        return None


def _from_row(sid: str, *, keeps: bool = True) -> Standing | None:
    try:
        session = LoginSession.objects.select_related("user").filter(sid=sid).first()
    except (OperationalError, InterfaceError) as problem:
        raise Unreachable from problem
    if session is None:
        return None
    reason = judge(session)
    if keeps and not reason:
        _keep(session)
    return Standing(session, reason)


def _keep(session: LoginSession) -> None:
    if not is_shared():
        return
    try:
        # `add`: a mark that the session is over, set while we read, must not be overwritten
        cache.state.add("session", session.sid, value={"session": flat(session), "user": flat(session.user)})
    except Unreachable:
        return  # slower, not wrong


def flat(row: models.Model) -> dict[str, Any]:
    """Make a snapshot of the row as JSON takes it, without what must not be kept."""
    left_out = NOT_KEPT.get(type(row), set())
    found = {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}
    return {
        name: value if isinstance(value, str | int | bool | list | None) else _text(value)
        for name, value in found.items()
        if name not in left_out
    }


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def revived(model: type[M], kept: dict[str, Any]) -> M:
    """Make the row of its snapshot; what the snapshot leaves out is read when somebody asks for it."""
    fields = [field for field in model._meta.concrete_fields if field.attname in kept]
    values = [field.to_python(kept[field.attname]) for field in fields]
    return model.from_db("default", [field.attname for field in fields], values)


def is_shared() -> bool:
    """Do other processes see what this one keeps?"""
    return settings.CACHES["state"]["LOCATION"].split(":")[0] in SCHEMES
