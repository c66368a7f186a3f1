"""What an app brings along in its topics.py."""

import asyncio
import os
from typing import Any

from celery import shared_task
from django.http import Http404
from rest_framework import serializers

from project.core import context
from project.core.api.serializers import StrictSerializer
from realtime import gateway, hooks
from realtime.core.connection import Connection
from realtime.topics import policy, topic


def open_for_business() -> None:
    """Register everything."""
    topic("tests.fail")(fail)
    topic("tests.sleep")(sleep)
    topic("tests.plain")(plain)
    topic("tests.gate", permission="gate.open")(gate)
    topic("tests.odd")(odd)
    topic("tests.count")(count)
    topic("tests.missing")(missing)
    topic("tests.rare", rate="2/min", guests=True)(rare)
    topic("tests.order", schema=OrderSchema)(order)
    topic("tests.order-plain", schema=OrderSchema)(order_plain)
    topic("tests.blob")(blob)
    topic("tests.trace", prompt=True)(trace)
    topic("tests.trace-slow")(trace_slow)
    topic("tests.trace-plain")(trace_plain)
    topic("tests.task")(start_a_task)
    topic("tests.visits", prompt=True)(visits)
    policy("club.")(members)
    policy("club.secret.")(nobody)


def die_of(topic: str) -> None:
    """End this process when it is to push that topic to anybody."""
    hooks.before_send(topic)(lambda connection, topic, data: os._exit(9))


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


async def count(connection: Connection, data: dict[str, int]) -> str:
    """Tell everyone numbers from 0 on, each with so many bytes beside it."""
    for number in range(data["to"]):
        await gateway.abroadcast("count", [number, "x" * data.get("bytes", 0)])
        await asyncio.sleep(0.002)
    return "counted"


async def missing(connection: Connection, data: Any) -> None:
    raise Http404


async def rare(connection: Connection, data: Any) -> str:
    return "done"


class OrderSchema(StrictSerializer):
    """Cups of a drink; says where it was asked."""

    drink = serializers.ChoiceField(["tea", "coffee"])
    cups = serializers.IntegerField(min_value=1, max_value=9, default=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        assert self.context["connection"].user_id
        return attrs | {"may_wait": not _is_on_a_loop()}


async def order(connection: Connection, data: dict[str, Any]) -> dict[str, Any]:
    return data


def order_plain(connection: Connection, data: dict[str, Any]) -> dict[str, Any]:
    return data


def _is_on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def blob(connection: Connection, data: Any) -> bytes:
    return b"\x00\xff"


async def trace(connection: Connection, data: Any) -> list[str]:
    return [connection.trace_id, context.get_request_id()]


async def trace_slow(connection: Connection, data: float) -> list[str]:
    before = connection.trace_id
    await asyncio.sleep(data)
    return [before, connection.trace_id]


def trace_plain(connection: Connection, data: Any) -> list[str]:
    return [connection.trace_id, context.get_request_id()]


def start_a_task(connection: Connection, data: Any) -> str:
    look_around.delay()
    return connection.trace_id


@shared_task(name="tests.look_around")
def look_around() -> None:
    """Do nothing."""


async def visits(connection: Connection, data: Any) -> int:
    connection.data["visits"] = connection.data.get("visits", 0) + 1
    return connection.data["visits"]


def members(connection: Connection, group: str) -> bool:
    return bool(connection.identity and connection.identity.staff)


async def nobody(connection: Connection, group: str) -> bool:
    return False
