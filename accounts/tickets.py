"""One-time credentials of sockets: a token in a URL ends up in logs, a used ticket there is worth nothing."""

import re
import secrets

from accounts.models import LoginSession
from project.core import cache

LIFETIME_SECONDS = 30
_TICKET = re.compile(r"[0-9a-f]{64}")


def issue(session: LoginSession) -> str:
    """Return a ticket for one socket of `session`, good for half a minute.

    :raises Unreachable: when the state store is down.
    """
    ticket = secrets.token_hex(32)
    cache.state.set("ticket", ticket, value=session.sid, ttl=LIFETIME_SECONDS)
    return ticket


async def redeem(ticket: str) -> str | None:
    """Return the session id behind `ticket` and use it up; None when it is unknown, used or too old.

    :raises Unreachable: when the state store is down.
    """
    found = await cache.state.atake("ticket", ticket) if _TICKET.fullmatch(ticket) else None
    return found if isinstance(found, str) else None
