"""What a client shows to say who it is; accounts' authenticators look at it (GATEWAY_AUTHENTICATORS)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import isclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Identity


@dataclass(frozen=True, slots=True)
class Credentials:
    """One attempt to be somebody. Empty values were not given.

    `cookie_session_key` is only filled on a same-origin handshake, `frame` only with the data of an `auth` frame.
    """

    ticket: str = ""
    bearer: str = ""
    cookie_session_key: str = ""
    frame: Mapping[str, Any] = field(default_factory=dict)
    ip: str = ""
    user_agent: str = ""
    origin: str = ""

    @property
    def must_be_good(self) -> bool:
        """Whether something was shown on purpose; a cookie travels by itself."""
        return bool(self.ticket or self.bearer or self.frame)

    def __repr__(self) -> str:
        shown = [name for name in ("ticket", "bearer", "cookie_session_key", "frame") if getattr(self, name)]
        return f"<Credentials {' '.join(shown) or 'none'} from {self.ip}>"


Authenticator = Callable[[Credentials], Awaitable[Identity | None]]


@lru_cache(maxsize=8)
def _load(paths: tuple[str, ...]) -> list[Authenticator]:
    found: list[Any] = [import_string(path) for path in paths]
    made: list[Any] = [one() if isclass(one) else one for one in found]
    return made


async def identify(credentials: Credentials) -> Identity | None:
    """Ask each authenticator in turn; None is a guest.

    :raises Refused: when what was shown on purpose is not good.
    """
    for authenticator in _load(tuple(settings.GATEWAY_AUTHENTICATORS)):
        if (identity := await authenticator(credentials)) is not None:
            return identity
    if credentials.must_be_good:
        raise Refused(CloseCode.NOT_AUTHENTICATED)
    return None
