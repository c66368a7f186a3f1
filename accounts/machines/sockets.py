"""The sockets that machines have open: each belongs to its token."""

from collections.abc import Iterable

import structlog

from accounts.models import ApiToken
from project.core.errors import GatehouseError
from realtime import gateway
from realtime.core.codes import CloseCode

log = structlog.get_logger(__name__)

SOCKETS = "machine."


def socket_id(key_id: str) -> str:
    """What stands where a person's socket names its login session."""
    return SOCKETS + key_id


def close_sockets(tokens: Iterable[ApiToken], code: CloseCode = CloseCode.SESSION_ENDED) -> None:
    """Close the sockets of these tokens, wherever they are. The rows say it already: a failure here only costs time."""
    for token in tokens:
        try:
            gateway.disconnect(session_id=socket_id(token.key_id), code=code)
        except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
            # the gateway of another process closes them at its next look at the rows
            log.info("machine.sockets_not_closed", machine=str(token), problem=str(problem))


def close_sockets_of(owner_id: int) -> None:
    """Close the sockets of all machines of somebody who was disabled."""
    close_sockets(ApiToken.objects.live().filter(owner=owner_id), CloseCode.ACCOUNT_DISABLED)
