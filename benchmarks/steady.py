"""Requests at a steady rate, whatever becomes of the ones before: what people do while nodes restart.

The client is a process of its own with one event loop, so that it takes little from the nodes it asks.
"""

import asyncio
import itertools
import multiprocessing
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import httptools
import uvloop

from benchmarks.load import Request

TIMEOUT = 60
TELL_SECONDS = 0.1


@dataclass
class Seen:
    """What came of the requests."""

    times: list[float] = field(default_factory=list)
    """Of each that was answered as expected, from the moment it was due: a client that falls behind shows here."""
    failures: list[str] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)
    """How many of each method were answered as expected."""

    def add(self, asked: Request, seconds: float, failure: str) -> None:
        """Take what became of one request."""
        if failure:
            self.failures.append(f"{asked.method} {asked.path}: {failure}")
        else:
            self.times.append(seconds)
            self.answered[asked.method] = self.answered.get(asked.method, 0) + 1

    def taken(self) -> "Seen":
        """Return all of it, and begin anew."""
        found = Seen(self.times, self.failures, self.answered)
        self.times, self.failures, self.answered = [], [], {}
        return found

    def take(self, others: "Seen") -> None:
        """Take what came of further requests."""
        self.times += others.times
        self.failures += others.failures
        for method, number in others.answered.items():
            self.answered[method] = self.answered.get(method, 0) + number


@contextmanager
def asking(url: str, requests: Iterable[Request], per_second: float, trust: str, clients: int = 24) -> Iterator[Seen]:
    """Ask `requests`, again and again, `per_second` of them, over `clients` kept-alive connections, until left.

    :param trust: the certificate authority of `url` (PEM).
    """
    seen = Seen()
    here, there = multiprocessing.Pipe()
    given = (there, url, list(requests), per_second, trust, clients)
    process = multiprocessing.get_context("spawn").Process(target=_run, args=given)
    process.start()
    there.close()
    reader = threading.Thread(target=_gather, args=(here, seen))
    reader.start()
    try:
        yield seen
    finally:
        here.send("enough")
        reader.join()
        process.join()
    assert process.exitcode == 0, "the client of the benchmark died"


def _gather(line: Connection, seen: Seen) -> None:
    while True:
        try:
            seen.take(line.recv())
        except EOFError:
            return


def _run(line: Connection, url: str, requests: Sequence[Request], per_second: float, trust: str, clients: int) -> None:
    uvloop.run(_ask(line, url, requests, per_second, trust, clients))


async def _ask(
    line: Connection, url: str, requests: Sequence[Request], per_second: float, trust: str, clients: int
) -> None:
    seen, turns = Seen(), asyncio.Queue[tuple[float, Request] | None]()
    secure = ssl.create_default_context(cafile=trust)
    clients_at_work = [asyncio.create_task(_Client(url, secure).work(turns, seen)) for _ in range(clients)]
    began = told = time.perf_counter()
    for number, one in enumerate(itertools.cycle(requests)):
        due = began + number / per_second
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        turns.put_nowait((due, one))
        if time.perf_counter() - told > TELL_SECONDS:
            told = time.perf_counter()
            line.send(seen.taken())
            if line.poll():
                line.recv()  # left unread, it would reset the line under the last answer
                break
    for _ in range(clients):
        turns.put_nowait(None)
    await asyncio.gather(*clients_at_work)
    line.send(seen)


class _Client:
    """One kept-alive connection."""

    def __init__(self, url: str, secure: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.secure = str(parts.hostname), parts.port, secure
        self.reader: asyncio.StreamReader | None = None

    async def work(self, turns: "asyncio.Queue[tuple[float, Request] | None]", seen: Seen) -> None:
        """Ask what is due until there is no more."""
        while (turn := await turns.get()) is not None:
            due, asked = turn
            try:
                async with asyncio.timeout(TIMEOUT):
                    status, body = await self._exchange(asked)
            except (OSError, EOFError, TimeoutError, httptools.HttpParserError) as failure:
                self._hang_up()
                seen.add(asked, 0, repr(failure))
                continue
            wrong = "" if status == asked.expected else f"{status} {body[:300]!r}"
            seen.add(asked, time.perf_counter() - due, wrong)
        self._hang_up()

    async def _exchange(self, asked: Request) -> tuple[int, bytes]:
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, ssl=self.secure)
        headers = {"Host": f"{self.host}:{self.port}", "Content-Length": str(len(asked.body))} | asked.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"{asked.method} {asked.path} HTTP/1.1\r\n{head}\r\n".encode() + asked.body)
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.complete:
            received = await self.reader.read(65536)
            if not received:
                raise EOFError("the connection was closed before the whole answer came")
            parser.feed_data(received)
        if not parser.should_keep_alive():
            self._hang_up()
        return parser.get_status_code(), bytes(answer.body)

    def _hang_up(self) -> None:
        if self.reader is not None:
            self.writer.close()
            self.reader = None


class _Answer:
    """What httptools tells of an answer."""

    def __init__(self) -> None:
        self.body, self.complete = bytearray(), False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete = True
