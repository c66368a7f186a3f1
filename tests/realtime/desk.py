"""What an app brings along in its topics.py."""

import asyncio
from typing import Any

from project.core import context
from realtime.core.connection import Connection
from realtime.topics import policy, topic


def open_for_business() -> None:
    """Register everything."""
    topic("tests.fail")(fail)
    topic("tests.sleep")(sleep)
    topic("tests.plain")(plain)
    topic("tests.gate", permission="gate.open")(gate)
    topic("tests.odd")(odd)
    policy("club.")(members)
    policy("club.secret.")(nobody)


async def fail(connection: Connection, data: Any) -> None:
    raise RuntimeError("a secret of the inside")


async def sleep(connection: Connection, data: Any) -> str:
    await asyncio.sleep(data)
    return "slept"


def plain(connection: Connection, data: int) -> dict[str, Any]:
    """Double a number."""
    return {"twice": 2 * data, "user": context.get_user_id(), "module": context.get_module()}


async def gate(connection: Connection, data: Any) -> str:
    return "open"


async def odd(connection: Connection, data: Any) -> object:
    return object()


def members(connection: Connection, group: str) -> bool:
    return bool(connection.identity and connection.identity.staff)


async def nobody(connection: Connection, group: str) -> bool:
    return False
