"""How long it takes from "end sessions" to sockets closed, and what ending everybody's sessions costs.

Each socket has a person and a session of its own; half of them hang on either of two nodes, which share Redis. Caller and
sockets read the same clock, so a figure is the time between the call and the arrival of the close frame.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.figures import ROOT, Figure, median, percentile
from benchmarks.servers import redis_server
from tests.clients import Caller
from tests.office import Office

SOCKETS = int(os.environ.get("BENCH_SOCKETS", "1000"))
SINGLY = 100
PREPARE = """
import json, sys
import django
django.setup()
from accounts import sessions, tokens
from accounts.models import User
number = int(sys.argv[1])
known = set(User.objects.values_list("username", flat=True))
names = [f"bench{one:05}" for one in range(number)]
User.objects.bulk_create(User(username=one, password="!") for one in names if one not in known)
opened = [sessions.open(user=one, scope="api") for one in User.objects.filter(username__in=names).order_by("pk")]
"""
OPENED = f"""{PREPARE}
print(json.dumps([{{"sid": one.sid, "access": tokens.access(one)}} for one in opened]))
"""
COST = f"""{PREPARE}
import time
from accounts import services
begun = time.process_time()
if sys.argv[2] == "singly":
    for one in opened:
        sessions.end_all(one.user, reason="revoked")
else:
    services.end_everybodys_sessions(by=None)
print(json.dumps((time.process_time() - begun) / number * 1_000_000))
"""


def measure() -> list[Figure]:
    """End sessions one by one, then all at once; nothing where there is no Redis."""
    if not shutil.which("redis-server"):
        return []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server(folder))
        settings = {"REDIS_URL": redis, "DATABASE_URL": f"sqlite:///{folder}/shared.sqlite3", "SECRET_KEY": "b" * 64}
        settings |= {"LOG_LEVEL": "warning", "GATEWAY_IDLE_SECONDS": "0"}
        arguments = ("--only", "web", "--port", "0", "--no-demo")
        nodes = [Office(folder / name, *arguments, **settings) for name in ("east", "west")]
        for node in nodes:
            stack.enter_context(node)
        opened = _run(nodes[0], OPENED, str(SOCKETS + SINGLY))
        caller = nodes[0].sign_in()
        found = asyncio.run(_ended(nodes, caller, opened))
        one_by_one = [_run(nodes[0], COST, str(SOCKETS), how) for how in ("singly", "together")]
    return [*_times("one session, from the call", found[0]), *_times("everybody's, from the call", found[1])] + [
        Figure(
            f"CPU for each of {SOCKETS:,} sessions, {how}", value, "µs", "SQLite, Redis; of the process that ends them"
        )
        for how, value in zip(("person by person", "all at once"), one_by_one, strict=True)
    ]


def _times(what: str, milliseconds: list[float]) -> list[Figure]:
    how = f"{len(milliseconds):,} sockets over two nodes; load of the machine meanwhile {os.getloadavg()[0]:.1f}"
    return [
        Figure(f"{what} to half of the sockets closed", median(milliseconds), "ms", how),
        Figure(f"{what} to 99 % of the sockets closed", percentile(milliseconds, 0.99), "ms", how),
    ]


def _run(office: Office, script: str, *arguments: str) -> Any:
    environment = os.environ | office.settings | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


async def _ended(nodes: list[Office], caller: Caller, opened: list[dict[str, str]]) -> tuple[list[float], list[float]]:
    async with AsyncExitStack() as stack:
        lines = []
        for number, one in enumerate(opened):
            address = nodes[number % len(nodes)].url.replace("http", "ws", 1) + "/ws/"
            headers = {"Authorization": f"Bearer {one['access']}"}
            opening = connect(address, additional_headers=headers, proxy=None, ping_interval=None, compression=None)
            lines.append(await stack.enter_async_context(opening))
        closing = [asyncio.create_task(_closed(line)) for line in lines]
        singly = []
        for one, task in list(zip(opened, closing, strict=True))[:SINGLY]:
            begun = time.time()
            answer = await asyncio.to_thread(caller.ask, "DELETE", f"sessions/{one['sid']}")
            assert answer.status_code == 204, answer.text
            singly.append((await task - begun) * 1000)
        begun = time.time()
        answer = await asyncio.to_thread(caller.post, "sessions/end-all", {"reason": "benchmark"})
        assert answer.json()["ended"] == len(opened) - SINGLY, answer.text
        return singly, [(one - begun) * 1000 for one in await asyncio.gather(*closing[SINGLY:])]


async def _closed(line: ClientConnection) -> float:
    try:
        while True:
            await line.recv()
    except ConnectionClosed:
        return time.time()
