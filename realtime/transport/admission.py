"""Letting a connection in as somebody: how many connections one user may have, and which of them stay."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from realtime import cluster, gateway
from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Connection, ConnectionInfo, Identity

ENOUGH = _("You have as many connections already as are allowed.")
"""Why a new one is refused: `REPLACED` has words for those that make room."""


async def admit(connection: Connection, identity: Identity | None) -> None:
    """Bind `connection` to `identity` (None: a guest) and make it reachable, from other nodes too.

    :raises Refused: when the user has too many connections already and GATEWAY_OVERFLOW says so.
    """
    node, limit = cluster.here(), settings.GATEWAY_MAX_PER_USER if identity and not identity.machine else 0
    if identity and limit and settings.GATEWAY_OVERFLOW != "newest":
        await _make_sure_of_room(connection, identity.user_id, limit)
    if connection.id in node.hub.connections:
        node.hub.bind(connection, identity)
    else:
        connection.identity = identity
        node.hub.add(connection)
    await node.keeper.recalled(connection)
    await node.settled()
    if identity and limit and settings.GATEWAY_OVERFLOW == "newest":
        await node.listed()
        everyone = sorted(await node.presence.connections(user_id=identity.user_id), key=_age)
        await _replace(everyone[: max(0, len(everyone) - limit)])


async def _make_sure_of_room(connection: Connection, user_id: int, limit: int) -> None:
    others = [one for one in await cluster.here().presence.connections(user_id=user_id) if one["id"] != connection.id]
    if len(others) >= limit:
        if settings.GATEWAY_OVERFLOW == "both":
            await _replace(others)
        raise Refused(CloseCode.REPLACED, ENOUGH)


async def _replace(those: list[ConnectionInfo]) -> None:
    for one in those:
        await gateway.adisconnect(one["id"], code=CloseCode.REPLACED)


def _age(one: ConnectionInfo) -> tuple[float, str]:
    return one["since"], one["id"]
