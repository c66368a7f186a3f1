"""Settings that outlive their connection: kept per user by a storage of your choice (GATEWAY_STORAGE).

A storage is a class with four coroutine functions. `query` is asked when a connection is bound to a user; what the
connection has set already wins over what was kept. `store` gets all settings after each change while somebody is bound.
`heartbeat` names, once a minute, the users who were heard of since, so that a storage can let go of people who stay away.
Nobody's socket waits for long, and no failure closes one: it is logged.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from realtime.core.connection import Connection

log = logging.getLogger(__name__)

CALL_SECONDS = 2.0
BEAT_SECONDS = 60.0


class Storage(Protocol):
    """What keeps the settings of users."""

    async def query(self, user_id: int) -> Mapping[str, str]:
        """Return what is kept for a user; nothing is an empty mapping."""

    async def store(self, user_id: int, settings: Mapping[str, str]) -> None:
        """Keep all settings of a user; what was kept before is replaced."""

    async def delete(self, user_id: int) -> None:
        """Forget what is kept for a user."""

    async def heartbeat(self, user_ids: Collection[int]) -> None:
        """Note that users are still here."""


def of_the_house() -> Storage | None:
    """Return a storage as GATEWAY_STORAGE names it; None where settings end with their connection."""
    return import_string(settings.GATEWAY_STORAGE)() if settings.GATEWAY_STORAGE else None


class Keeper:
    """Stands between the connections of a node and the storage; does nothing where there is none."""

    def __init__(self) -> None:
        self.storage = of_the_house()
        self._recalling: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[int, dict[str, str]] = {}
        self._writer: asyncio.Task[None] | None = None

    def bound(self, connection: Connection) -> None:
        """Begin to give a connection what is kept for the user it was just bound to."""
        if self.storage and connection.user_id:
            task = asyncio.create_task(self._recall(self.storage, connection), name="gateway-recall")
            self._recalling[connection.id] = task
            task.add_done_callback(lambda _: self._recalling.pop(connection.id, None))

    async def recalled(self, connection: Connection) -> None:
        """Wait until that is done."""
        if task := self._recalling.get(connection.id):
            await asyncio.wait({task})

    async def _recall(self, storage: Storage, connection: Connection) -> None:
        user_id = connection.user_id
        try:
            async with asyncio.timeout(CALL_SECONDS):
                kept = self._waiting.get(user_id) or await storage.query(user_id)
        except Exception:
            log.exception("What is kept for user %d could not be read.", user_id)
            return
        if connection.user_id == user_id and (kept or connection.settings):
            connection.hub.change(connection, {**kept, **connection.settings})

    def changed(self, connection: Connection) -> None:
        """Keep a connection's settings, soon; of several changes in a row the last one counts."""
        if self.storage and connection.user_id:
            self._waiting[connection.user_id] = dict(connection.settings)
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._write(self.storage), name="gateway-storage")

    async def _write(self, storage: Storage) -> None:
        while self._waiting:
            user_id, values = next(iter(self._waiting.items()))
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await storage.store(user_id, values)
            except Exception:
                log.exception("The settings of user %d could not be kept.", user_id)
            if self._waiting.get(user_id) is values:
                del self._waiting[user_id]

    async def beat(self, heard: Collection[int]) -> None:
        """Tell the storage of users who were heard of."""
        if self.storage and heard:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self.storage.heartbeat(heard)
            except Exception:
                log.exception("The storage could not be told who is here.")

    async def stop(self) -> None:
        """Write what waits."""
        if self._writer:
            await asyncio.wait({self._writer}, timeout=CALL_SECONDS)
