"""Which messages were delivered in the last day, by their ids: in Redis for all nodes, or in this process's memory."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings

from project.core.cache.redis import connect
from realtime import cluster, guard

SECONDS = 24 * 3600
CALL_SECONDS = 2.0
MOST_IN_MEMORY = 100_000

_lock = threading.Lock()
_memory: "OrderedDict[str, float]" = OrderedDict()


def among(ids: Collection[str]) -> set[str]:
    """Return those of `ids` that were delivered before.

    :raises GatewayUnreachable: when Redis does not say.
    """
    names = list(ids)
    if not names:
        return set()
    if not cluster.shared():
        with _lock:
            return {name for name in names if _memory.get(name, 0.0) > time.monotonic()}
    found = _ask(lambda client: client.mget([_key(name) for name in names]))
    return {name for name, there in zip(names, found, strict=True) if there}


def note(ids: Collection[str]) -> None:
    """Remember that these were delivered.

    :raises GatewayUnreachable: when Redis does not take it.
    """
    if not ids:
        return
    if not cluster.shared():
        _note_in_memory(ids)
        return

    def write(client: Any) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for name in ids:
                pipeline.set(_key(name), 1, ex=SECONDS, nx=True)
            pipeline.execute()

    _ask(write)


def _note_in_memory(ids: Collection[str]) -> None:
    with _lock:
        for name in ids:
            _memory[name] = time.monotonic() + SECONDS
            _memory.move_to_end(name)
        while len(_memory) > MOST_IN_MEMORY:
            _memory.popitem(last=False)


def _ask(question: Callable[[Any], Any]) -> Any:
    return guard.asked(lambda: question(connect(settings.CHANNEL_LAYER_URL, CALL_SECONDS)))


def _key(name: str) -> str:
    return f"{settings.REDIS_PREFIX}:messages:seen:{name}"
