"""The list of connections, with five thousand of them on two nodes over Redis: how long it takes, what it costs the node.

Asked over HTTP on one node by somebody who sees everybody, while half of the connections are on the other.
"""

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import psutil
import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from benchmarks.figures import Figure
from benchmarks.gateway import contestants
from benchmarks.gateway.contestants import Running, running
from benchmarks.gateway.fanout import come_in
from benchmarks.gateway.ground import ground
from benchmarks.gateway.load import Load, client

CONNECTIONS = int(os.environ.get("BENCH_CROWD", "5000"))
"""On both nodes together."""
TIMES = int(os.environ.get("BENCH_TIMES", "20"))
REST_SECONDS = 0.2
AT_A_TIME = 250
"""So many come in together: a ticket is good for half a minute."""
API, PAGE = "/api/v1/realtime", "/admin/realtime/connection/live/"


@dataclass(frozen=True)
class Question:
    """Something people ask, and of how many connections the answer must speak."""

    what: str
    path: str
    field: str
    matches: int


def questions(node: str) -> list[Question]:
    """Return what is asked; `node` is the id of the other node."""
    half, each = CONNECTIONS // 2, CONNECTIONS // AT_A_TIME  # whoever is first is first each time
    return [
        Question("a page of the API", f"{API}/connections", "count", CONNECTIONS),
        Question("the API, words", f"{API}/connections?q=bench00007", "count", each),
        Question("the API, a node", f"{API}/connections?node={node}", "count", half),
        Question("the API, a user", f"{API}/connections?user={{user}}", "count", each),
        Question("a page of the back office", PAGE, "matched", CONNECTIONS),
        Question("the back office, words", f"{PAGE}?q=bench00007", "matched", each),
        Question("the sum of the nodes", f"{API}/summary", "connections", CONNECTIONS + 1),
    ]


def measure() -> list[Figure]:
    """Fill two nodes, ask one of them."""
    with ExitStack() as stack:
        east, west = (stack.enter_context(running(contestants.REDIS, ground())) for _ in range(2))
        load, speech = stack.enter_context(client()), contestants.GATEHOUSE
        load.configure(speech, [east.port, west.port], [*east.processes, *west.processes])
        load.knock(speech.path, speech.header, east.port)
        for start in range(0, CONNECTIONS, AT_A_TIME):
            come_in(load, east, min(AT_A_TIME, CONNECTIONS - start))
        load.tell("rest", 2)  # each node has told who is there
        with _answering(load):
            return list(_asked(east))


@contextmanager
def _answering(load: Load) -> Iterator[None]:
    """Have the connections answer pings meanwhile, or the nodes would close them one after the other."""
    done = Event()

    def answer() -> None:
        while not done.is_set():
            load.tell("rest", 1)

    thread = Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _asked(node: Running) -> Iterator[Figure]:
    token, cookie = ground().keeper.read_text().split()
    process, base = psutil.Process(node.processes[0]), f"http://127.0.0.1:{node.port}"
    with requests.Session() as session, _pinging(node, token) as pauses:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"
        session.cookies.set("sessionid", cookie)
        ids = [one["id"] for one in session.get(f"{base}{API}/nodes", timeout=60).json()["results"]]
        first = session.get(f"{base}{API}/connections?q=bench00007", timeout=60).json()["results"][0]
        other = next(one for one in ids if one != session.get(f"{base}{API}/connections/{first['id']}").json()["node"])
        for question in questions(other):
            yield from _measured(session, base, question, first["user_id"], process, pauses)


def _measured(
    session: requests.Session, base: str, question: Question, user: int, process: psutil.Process, pauses: list[float]
) -> Iterator[Figure]:
    address = base + question.path.format(user=user)
    headers = {"Authorization": None} if question.path.startswith(PAGE) else {}
    taken, before = [], process.memory_info().rss
    pauses.clear()
    cpu = sum(process.cpu_times()[:2])
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = session.get(address, headers=headers, timeout=60)
        taken.append(time.perf_counter() - began)
        found = answer.json()[question.field]
        if abs(found - question.matches) > 1:
            raise RuntimeError(f"{address}: {found} connections, not {question.matches}")
        time.sleep(REST_SECONDS)
    cpu = sum(process.cpu_times()[:2]) - cpu
    how = (
        f"slowest {max(taken) * 1000:.0f} ms; CPU {cpu / TIMES * 1000:.0f} ms; the node's memory "
        f"+{max(0, process.memory_info().rss - before) / 2**20:.1f} MiB after {TIMES}; an echo beside it waited {max(pauses) * 1000:.0f} ms at most"
    )
    yield Figure(f"{question.what}, {CONNECTIONS:,} connections", statistics.median(taken) * 1000, "ms", how)


@contextmanager
def _pinging(node: Running, token: str) -> Iterator[list[float]]:
    """Keep asking a socket of the node for an echo; the list gets how long each took."""
    pauses: list[float] = []
    done = Event()

    def ping() -> None:
        with connect(
            f"ws://127.0.0.1:{node.port}/ws/",
            additional_headers={"Authorization": f"Bearer {token}"},
            proxy=None,
            compression=None,
        ) as socket:
            socket.recv()
            while not done.wait(0.01):
                began = time.perf_counter()
                try:
                    socket.send(json.dumps({"id": 1, "topic": "echo"}))
                    socket.recv()
                except WebSocketException:
                    return
                pauses.append(time.perf_counter() - began)

    thread = Thread(target=ping, daemon=True)
    thread.start()
    try:
        while not pauses:
            time.sleep(0.01)
        yield pauses
    finally:
        done.set()
        thread.join(10)
