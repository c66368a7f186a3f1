"""The only writer of login sessions: open, refresh, renew, end.

Whatever is decided here is decided by the database: by a row lock on the person when sessions open or end together,
by one conditional UPDATE when a token rotates or a session is renewed. After the commit the other nodes are told and
the session's sockets are closed; when that cannot be done the rows still say it, and everybody reads the rows.
"""

from accounts.sessions.ending import close_code, close_run_out, end, end_all, error_for
from accounts.sessions.looking import narrowed, seen_by
from accounts.sessions.opening import key_hash, known, open, state_of  # noqa: A004 (reads as sessions.open)
from accounts.sessions.refreshing import refresh, renew, renewals_left, seen
from accounts.sessions.several import OLDEST, close_surplus, refuses
from accounts.sessions.together import Ended, end_people, end_these, preview, reach

__all__ = [
    "OLDEST",
    "Ended",
    "close_code",
    "close_run_out",
    "close_surplus",
    "end",
    "end_all",
    "end_people",
    "end_these",
    "error_for",
    "key_hash",
    "known",
    "narrowed",
    "open",
    "preview",
    "reach",
    "refresh",
    "refuses",
    "renew",
    "renewals_left",
    "seen",
    "seen_by",
    "state_of",
]
