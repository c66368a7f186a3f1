"""Requests at a steady rate, whatever becomes of the ones before: what people do while nodes restart."""

import itertools
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from benchmarks.load import Request

TIMEOUT = 60


@dataclass
class Seen:
    """What came of the requests."""

    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)
    """How many of each method were answered as expected."""


@contextmanager
def asking(url: str, requests: Iterable[Request], per_second: float, trust: str, clients: int = 24) -> Iterator[Seen]:
    """Ask `requests`, again and again, `per_second` of them, over `clients` kept-alive connections, until left.

    :param trust: the certificate authority of `url` (PEM).
    """
    seen, over, turns = Seen(), threading.Event(), queue.SimpleQueue[Request | None]()
    secure = ssl.create_default_context(cafile=trust)

    def pace() -> None:
        began = time.perf_counter()
        for number, one in enumerate(itertools.cycle(requests)):
            if over.wait(max(0.0, began + number / per_second - time.perf_counter())):
                break
            turns.put(one)
        for _ in range(clients):
            turns.put(None)

    threads = [threading.Thread(target=pace)]
    threads += [threading.Thread(target=_client, args=(url, secure, turns.get, seen)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _client(url: str, secure: ssl.SSLContext, turn: Callable[[], Request | None], seen: Seen) -> None:
    line = HTTPSConnection(urlsplit(url).netloc, timeout=TIMEOUT, context=secure)
    while (asked := turn()) is not None:
        began = time.perf_counter()
        try:
            line.request(asked.method, asked.path, asked.body or None, asked.headers)
            answer = line.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as failure:
            seen.failures.append(f"{asked.method} {asked.path}: {failure!r}")
            line.close()
            continue
        if answer.status == asked.expected:
            seen.times.append(time.perf_counter() - began)
            seen.answered[asked.method] = seen.answered.get(asked.method, 0) + 1
        else:
            seen.failures.append(f"{asked.method} {asked.path}: {answer.status} {body[:300]!r}")
    line.close()
