"""Several clients that ask without pause, each a process with one kept-alive connection."""

import http.client
import json
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """What a client sends, again and again."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    expected: int = 200


@dataclass(frozen=True)
class Load:
    """What the clients saw together."""

    seconds: float
    times: list[float]

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


def json_request(path: str, body: Any, expected: int = 200) -> Request:
    """A POST of JSON."""
    return Request("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode(), expected)


def run(url: str, clients: Sequence[Sequence[Request]], seconds: float) -> Load:
    """Let each client send its requests in turn for `seconds`."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(clients)) as pool:
        results = pool.starmap(_client, [(url, list(requests), seconds) for requests in clients], chunksize=1)
    return Load(seconds, [one for times in results for one in times])


def _client(url: str, requests: list[Request], seconds: float) -> list[float]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    times: list[float] = []
    ends_at = time.perf_counter() + seconds
    turn = 0
    while (began := time.perf_counter()) < ends_at:
        asked = requests[turn % len(requests)]
        connection.request(asked.method, asked.path, asked.body or None, asked.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != asked.expected:
            raise RuntimeError(f"{asked.method} {asked.path} answered {answer.status}: {body[:300]!r}")
        times.append(time.perf_counter() - began)
        turn += 1
    connection.close()
    return times
