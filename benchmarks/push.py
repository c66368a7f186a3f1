"""How long a push takes from another process to people's sockets, over Redis, with one node and with two.

The sockets are one person's; the pusher is a process that serves nobody, as a worker is. Sender and receivers read the
same clock, so a figure is the time between the call of `gateway.send_user` and the arrival of its frame.
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

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import ROOT, Figure, median, percentile
from benchmarks.servers import redis_server
from tests.office import Office

SOCKETS = int(os.environ.get("BENCH_SOCKETS", "200"))
PUSHES = 300
PER_SECOND = 20
PUSHER = """
import sys, time
import django
django.setup()
from realtime import gateway
user, pushes, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for number in range(pushes):
    gateway.send_user(user, "bench.push", {"sent": time.time(), "text": "x" * 150})
    time.sleep(pause)
"""


def measure() -> list[Figure]:
    """Measure one node, then two that share the sockets; nothing where there is no Redis."""
    if not shutil.which("redis-server"):
        return []
    return [figure for nodes in (1, 2) for figure in _figures(nodes, _latencies(nodes))]


def _figures(nodes: int, milliseconds: list[float]) -> list[Figure]:
    name = f"push from another process, {nodes} node{'s' if nodes > 1 else ''}"
    how = (
        f"{SOCKETS} sockets, {PER_SECOND} pushes of 200 bytes a second to all of them, {len(milliseconds):,} arrivals; "
        f"load of the machine meanwhile {os.getloadavg()[0]:.1f}"
    )
    return [
        Figure(f"{name}: half within", median(milliseconds), "ms", how),
        Figure(f"{name}: 99 % within", percentile(milliseconds, 0.99), "ms", how),
    ]


def _latencies(nodes: int) -> list[float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server(folder))
        settings = {"REDIS_URL": redis, "DATABASE_URL": f"sqlite:///{folder}/shared.sqlite3", "SECRET_KEY": "b" * 64}
        settings |= {"LOG_LEVEL": "warning", "GATEWAY_IDLE_SECONDS": "0"}
        arguments = ("--only", "web", "--port", "0", "--no-demo")
        first, *others = offices = [
            Office(folder / f"node-{number}", *arguments, **settings) for number in range(nodes)
        ]
        for office in offices:
            stack.enter_context(office)
        tokens = first.sign_in().tokens
        pusher = [sys.executable, "-c", PUSHER, str(tokens["user"]["id"]), str(PUSHES), str(1 / PER_SECOND)]
        return asyncio.run(_listen([office.url for office in offices], tokens["access"], pusher, offices[0].settings))


async def _listen(urls: list[str], access: str, pusher: list[str], settings: dict[str, str]) -> list[float]:
    headers = {"Authorization": f"Bearer {access}"}
    async with AsyncExitStack() as stack:
        lines = []
        for number in range(SOCKETS):
            address = urls[number % len(urls)].replace("http", "ws", 1) + "/ws/"
            opening = connect(address, additional_headers=headers, proxy=None, ping_interval=None, compression=None)
            lines.append(await stack.enter_async_context(opening))
        hearing = [asyncio.create_task(_hear(line)) for line in lines]
        environment = os.environ | settings | {"DJANGO_SETTINGS_MODULE": "project.settings"}
        done = await asyncio.to_thread(subprocess.run, pusher, cwd=ROOT, env=environment, check=True)
        assert done.returncode == 0
        return [one for times in await asyncio.gather(*hearing) for one in times]


async def _hear(line: ClientConnection) -> list[float]:
    times: list[float] = []
    while len(times) < PUSHES:
        frame = json.loads(await line.recv())
        if frame["topic"] == "bench.push":
            times.append((time.time() - frame["data"]["sent"]) * 1000)
    return times
