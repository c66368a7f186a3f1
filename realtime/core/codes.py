"""Why a socket closes, and how a refusal is raised.

Below 4500 a client may connect again, from 4500 on it must not (without signing in anew or asking somebody).
"""

from enum import IntEnum
from typing import Any

RECONNECT_BELOW = 4500
GONE = 1006
"""How a connection ended whose client went without a word; nobody sends this code."""


def gettext_noop(message: str) -> str:
    """Mark `message` for translation; whoever shows it translates it (the core knows no language)."""
    return message


class CloseCode(IntEnum):
    """The close codes of the gateway."""

    FRAME_TOO_LARGE = 1009
    SERVER_ERROR = 1011
    SERVER_RESTARTING = 1012
    IDLE = 4000
    TOO_SLOW = 4008
    FLOODING = 4009
    NOT_AUTHENTICATED = 4500
    DISPLACED = 4501
    SESSION_ENDED = 4502
    DISCONNECTED_BY_STAFF = 4503
    ACCOUNT_DISABLED = 4504
    REPLACED = 4505
    NOT_ALLOWED = 4506

    @property
    def may_reconnect(self) -> bool:
        return self < RECONNECT_BELOW


REASONS: dict[int, str] = {
    CloseCode.FRAME_TOO_LARGE: gettext_noop("The frame is too large."),
    CloseCode.SERVER_ERROR: gettext_noop("Something went wrong on our side."),
    CloseCode.SERVER_RESTARTING: gettext_noop("The server is restarting."),
    CloseCode.IDLE: gettext_noop("Nothing was heard from you for too long."),
    CloseCode.TOO_SLOW: gettext_noop("You read too slowly."),
    CloseCode.FLOODING: gettext_noop("You send too many frames."),
    CloseCode.NOT_AUTHENTICATED: gettext_noop("You are not signed in."),
    CloseCode.DISPLACED: gettext_noop("Your account was signed in elsewhere."),
    CloseCode.SESSION_ENDED: gettext_noop("Your session has ended."),
    CloseCode.DISCONNECTED_BY_STAFF: gettext_noop("Disconnected by staff."),
    CloseCode.ACCOUNT_DISABLED: gettext_noop("Your account is disabled."),
    CloseCode.REPLACED: gettext_noop("Replaced by a newer connection of yours."),
    CloseCode.NOT_ALLOWED: gettext_noop("Your address or origin is not allowed."),
}
"""What a client is told when nobody gave a better reason; English, translated on the way out."""

MAX_REASON_BYTES = 123


def fit_reason(reason: str) -> str:
    """Cut `reason` to what a close frame holds, never inside a character."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


class Refused(Exception):
    """A credential was recognised and is not good enough; the socket closes with `code`."""

    def __init__(self, code: int = CloseCode.NOT_AUTHENTICATED, message: Any = "") -> None:
        self.code = int(code)
        self.message = message
        super().__init__(self.code, message)
