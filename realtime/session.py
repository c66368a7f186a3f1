"""A connection as an object to hold: read it, steer it, send to it, from any process of the cluster.

    session = Session.of(connection_id)          # or `await Session.aof(connection_id)`
    session.get("desk")                          # "" when nothing is set
    session.set("desk", "7")                     # on its node, and in this copy
    if not session.send("orders.changed", {"id": 7}):
        ...                                      # it is gone

It is a copy of what the connection's node knew when it was read; `update` reads anew. Calls change the connection where
it is and then the copy. Each has an async twin with the prefix `a`. The words are those of mqant's gate.
"""

from collections.abc import Mapping
from typing import Any, Self

from project.core import context
from realtime import gateway
from realtime.core.codes import CloseCode
from realtime.core.connection import ConnectionInfo, Identity
from realtime.errors import ConnectionGone
from realtime.questions import Receipt


class Session:
    """What is known of one connection, and every way to steer it."""

    def __init__(self, info: ConnectionInfo, trace_id: str = "") -> None:
        self.info = info
        self.trace_id = trace_id or context.get_request_id()
        """Under which the work done with this object appears in the logs."""

    @classmethod
    def of(cls, connection_id: str) -> Self:
        """Return the session of a connection, on whatever node.

        :raises ConnectionGone: when there is none (any more).
        """
        return cls(gateway.connection(connection_id))

    @classmethod
    async def aof(cls, connection_id: str) -> Self:
        return cls(await gateway.aconnection(connection_id))

    def clone(self) -> Self:
        """Return a copy of its own, for another thread or task."""
        return type(self)({**self.info, "settings": dict(self.settings)}, self.trace_id)

    # reading the copy

    @property
    def id(self) -> str:
        return self.info["id"]

    @property
    def user_id(self) -> int:
        """The id of the user; 0 for a guest."""
        return self.info["user_id"]

    @property
    def address(self) -> str:
        return self.info["address"]

    @property
    def network(self) -> str:
        """`ws`, or `wss` over TLS."""
        return self.info["network"]

    @property
    def node(self) -> str:
        return self.info["node"]

    @property
    def settings(self) -> dict[str, str]:
        return self.info["settings"]

    @property
    def is_guest(self) -> bool:
        return self.info["guest"]

    def get(self, key: str) -> str:
        """Return a setting; "" when it is not set."""
        return self.settings.get(key, "")

    def load(self, key: str) -> tuple[str, bool]:
        """Return a setting, and whether it is set at all."""
        return self.get(key), key in self.settings

    def import_settings(self, values: Mapping[str, str]) -> None:
        """Add values to this copy only; what is set already wins. `push` makes the connection have them."""
        self.info["settings"] = {**values, **self.settings}

    # settings

    def set(self, key: str, value: str) -> None:
        """Set one value.

        :raises ConnectionGone: when the connection is gone, as every call below but those that say otherwise.
        """
        self.set_batch({key: value})

    async def aset(self, key: str, value: str) -> None:
        await self.aset_batch({key: value})

    def set_batch(self, values: dict[str, str]) -> None:
        """Set several values."""
        _ensure(gateway.set(self.id, values, receipt=True))
        self.settings.update(values)

    async def aset_batch(self, values: dict[str, str]) -> None:
        _ensure(await gateway.aset(self.id, values, receipt=True))
        self.settings.update(values)

    def push(self) -> None:
        """Set all values of this copy."""
        self.set_batch(self.settings)

    async def apush(self) -> None:
        await self.aset_batch(self.settings)

    def remove(self, key: str) -> None:
        """Remove one value."""
        _ensure(gateway.remove(self.id, [key], receipt=True))
        self.settings.pop(key, None)

    async def aremove(self, key: str) -> None:
        _ensure(await gateway.aremove(self.id, [key], receipt=True))
        self.settings.pop(key, None)

    def update(self) -> None:
        """Read the connection anew."""
        self.info = gateway.connection(self.id)

    async def aupdate(self) -> None:
        self.info = await gateway.aconnection(self.id)

    # who it is

    def bind(self, who: int | Identity) -> None:
        """Bind the connection to a user; what is kept for that user joins its settings."""
        _ensure(gateway.bind(self.id, who, receipt=True))
        self.update()

    async def abind(self, who: int | Identity) -> None:
        _ensure(await gateway.abind(self.id, who, receipt=True))
        await self.aupdate()

    def unbind(self) -> None:
        """Make it a guest's; its settings stay."""
        _ensure(gateway.unbind(self.id, receipt=True))
        self.update()

    async def aunbind(self) -> None:
        _ensure(await gateway.aunbind(self.id, receipt=True))
        await self.aupdate()

    # sending

    def send(self, topic: str, data: Any = None) -> bool:
        """Push to the connection; return whether it took it."""
        return _taken(gateway.send(self.id, topic, data, receipt=True))

    async def asend(self, topic: str, data: Any = None) -> bool:
        return _taken(await gateway.asend(self.id, topic, data, receipt=True))

    def send_nr(self, topic: str, data: Any = None) -> None:
        """Push to the connection without waiting for what comes of it (mqant's SendNR)."""
        gateway.send(self.id, topic, data)

    async def asend_nr(self, topic: str, data: Any = None) -> None:
        await gateway.asend(self.id, topic, data)

    # its end

    def is_connected(self) -> bool:
        """Whether it is still open, on whatever node."""
        try:
            gateway.connection(self.id)
        except ConnectionGone:
            return False
        return True

    async def ais_connected(self) -> bool:
        try:
            await gateway.aconnection(self.id)
        except ConnectionGone:
            return False
        return True

    def close(self, code: int = CloseCode.DISCONNECTED_BY_STAFF, reason: str = "") -> bool:
        """Close it; return whether it was open."""
        return _taken(gateway.disconnect(self.id, code=code, reason=reason, receipt=True))

    async def aclose(self, code: int = CloseCode.DISCONNECTED_BY_STAFF, reason: str = "") -> bool:
        return _taken(await gateway.adisconnect(self.id, code=code, reason=reason, receipt=True))


def _taken(receipt: Receipt | None) -> bool:
    return bool(receipt and receipt.delivered)


def _ensure(receipt: Receipt | None) -> None:
    if not _taken(receipt):
        raise ConnectionGone
