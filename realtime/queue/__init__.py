"""Messages on a queue: put there by any service in any language, delivered by the gateway, kept while it is away.

    from realtime import queue

    queue.put({"to": {"group": "public.floor"}, "topic": "orders.changed", "data": {"id": 7}})

Unlike a push through `realtime.gateway`, which reaches who is connected at this moment or nobody, it survives a restart
of the gateway and of Redis (as far as Redis keeps its data) or RabbitMQ. docs/message-queue.md says what is promised.
"""

import asyncio
import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from realtime import cluster, letters
from realtime.queue import rabbit, stream


def put(message: Mapping[str, Any]) -> str:
    """Put a message on the queue, the Redis Stream or else RabbitMQ's; return its id.

    `data` may be anything Django writes as JSON, or bytes. Where there is neither Redis nor RabbitMQ, everything is one
    process: then it is delivered at once.

    :raises InvalidParameters: when it is not of the schema.
    :raises TooLarge: when no connection could hold it.
    :raises GatewayUnreachable: when no queue takes it, and why.
    """
    body = _written(message)
    letter = letters.opened(body)
    if cluster.shared():
        stream.put(body)
    elif rabbit.is_there():
        rabbit.put(body)
    else:
        letters.deliver(letter)
    return letter.id


async def aput(message: Mapping[str, Any]) -> str:
    """The async twin."""
    return await asyncio.to_thread(put, message)


def _written(message: Mapping[str, Any]) -> bytes:
    given = {"id": uuid.uuid4().hex} | dict(message)
    if isinstance(given.get("data"), bytes | bytearray | memoryview):
        given["data_base64"] = base64.b64encode(bytes(given.pop("data"))).decode()
    return json.dumps(given, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()
