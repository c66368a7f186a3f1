"""A node that is told to stop while everybody wants something."""

import asyncio
import secrets
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.environment import need
from tests.journey import workbooks
from tests.nodes.house import sweep_out
from tests.office import Office

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

SOCKETS = 500
REQUESTS_PER_SECOND = 200
SHUTDOWN_SECONDS = 30
PATIENCE = 60
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A node of several."""
    given = {"REDIS_URL": need("REDIS_URL"), "REDIS_PREFIX": f"stopping-{secrets.token_hex(4)}"}
    arguments = ("--only", "web", "--port", "0", "--no-demo")
    limits = {"SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS), "GATEWAY_IDLE_SECONDS": "0"}
    with Office(tmp_path / "home", *arguments, LOG_LEVEL="warning", **given, **limits) as office:
        yield office
    sweep_out(office.settings)


class Crowd:
    """Everybody who wants something from a node, each request on a connection of its own."""

    def __init__(self, url: str, access: str) -> None:
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.access = access
        self.answers: Counter[str] = Counter()
        self.sockets: list[ClientConnection] = []
        self.busy = asyncio.Event()
        """Set once a second's worth of requests was answered."""

    async def fill(self, stack: AsyncExitStack) -> None:
        """Open all sockets."""
        headers = {"Authorization": f"Bearer {self.access}"}
        for _ in range(SOCKETS):
            opening = connect(
                f"ws://{self.host}:{self.port}/ws/", additional_headers=headers, proxy=None, ping_interval=None
            )
            self.sockets.append(await stack.enter_async_context(opening))

    async def ask_on(self, stop: asyncio.Event) -> None:
        """Send requests at an even pace until `stop`, then wait for the last answer."""
        asked: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            asked.add(asyncio.create_task(self._ask()))
            await asyncio.sleep(1 / REQUESTS_PER_SECOND)
        await asyncio.gather(*asked)

    async def _ask(self) -> None:
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            self.answers["refused"] += 1  # it is closed, so another node is asked
            return
        self.answers[await exchange(reader, writer, HEALTHZ)] += 1
        if self.answers["200"] >= REQUESTS_PER_SECOND:
            self.busy.set()

    async def upload(self, workbook: bytes, begun: asyncio.Event, end: asyncio.Event) -> str:
        """Begin to send a workbook, and finish when `end` is set; return how it was answered."""
        mark = secrets.token_hex(8).encode()
        fields = b'--%s\r\nContent-Disposition: form-data; name="resource"\r\n\r\nusers\r\n' % mark
        fields += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="people.xlsx"\r\n\r\n' % mark
        body = fields + workbook + b"\r\n--%s--\r\n" % mark
        head = (
            f"POST /api/v1/imports/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.access}\r\n"
            f"Content-Type: multipart/form-data; boundary={mark.decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(head.encode() + body[:100])
        await writer.drain()
        begun.set()
        await end.wait()
        return await exchange(reader, writer, body[100:])


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> str:
    """Send what is left of a request; return the status of its answer, or how it was lost."""
    try:
        writer.write(sent)
        status = await asyncio.wait_for(reader.readline(), PATIENCE)
        return status.split(b" ")[1].decode() if status else "lost: no answer"
    except OSError as problem:
        return f"lost: {problem}"
    finally:
        writer.close()


class TestStopping:
    @pytest.mark.attack("T-F-3")
    def test_under_load_loses_no_answer_and_tells_every_socket(self, office: Office, tmp_path: Path):
        workbook = workbooks.by_the_old_system(tmp_path, 200, "stopping").read_bytes()
        crowd = Crowd(office.url, office.sign_in().tokens["access"])

        async def stop_in_the_crowd() -> tuple[str, list[int | None]]:
            async with AsyncExitStack() as stack:
                await crowd.fill(stack)
                enough, begun, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
                asking = asyncio.create_task(crowd.ask_on(enough))
                upload = asyncio.create_task(crowd.upload(workbook, begun, end))
                await begun.wait()
                await crowd.busy.wait()
                office.process.send_signal(signal.SIGTERM)
                await asyncio.gather(*(one.wait_closed() for one in crowd.sockets))
                end.set()
                enough.set()
                await asking
                return await upload, [one.close_code for one in crowd.sockets]

        uploaded, closed = asyncio.run(stop_in_the_crowd())

        assert office.wait(SHUTDOWN_SECONDS + PATIENCE) == 0
        assert Counter(closed) == {1012: SOCKETS}
        assert uploaded == "202"
        assert set(crowd.answers) <= {"200", "refused"}

    def test_answers_whom_the_kernel_let_in_before(self, office: Office):
        with ExitStack() as lines:
            office.process.send_signal(signal.SIGSTOP)  # it accepts nobody, but the kernel does
            address = ("127.0.0.1", urlsplit(office.url).port)
            callers = [lines.enter_context(socket.create_connection(address, timeout=PATIENCE)) for _ in range(200)]
            for caller in callers[:100]:
                caller.sendall(HEALTHZ)
            office.process.send_signal(signal.SIGTERM)
            office.process.send_signal(signal.SIGCONT)
            for caller in callers[100:]:
                caller.sendall(HEALTHZ)

            answers = Counter(caller.recv(65536).split(b"\r\n", 1)[0] for caller in callers)

        assert answers == {b"HTTP/1.1 200 OK": 200}
        assert office.wait(SHUTDOWN_SECONDS + PATIENCE) == 0
