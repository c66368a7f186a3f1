"""Acting as somebody else: the actor's own session, with a subject for a short while.

Who it is a request comes from is asked here, at each request: the actor must still be allowed to, and the subject still be
there. The session stays the actor's: it displaces nobody, and is nowhere counted, listed or told as a sign-in of the subject.
"""

from accounts.impersonation.rules import ensure_may_ask, is_way_out
from accounts.impersonation.state import (
    NO_SOCKETS,
    Why,
    close_sockets,
    end,
    end_all_of,
    end_run_out,
    explain,
    note_end,
    who_acts,
)

__all__ = [
    "NO_SOCKETS",
    "Why",
    "close_sockets",
    "end",
    "end_all_of",
    "end_run_out",
    "ensure_may_ask",
    "explain",
    "is_way_out",
    "note_end",
    "who_acts",
]
