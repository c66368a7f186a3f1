"""A live log with many viewers: how many readers Jenkins sees, and how long a line takes from there to them.

`BENCH_JENKINS_VIEWERS` people watch a build that writes a line a tenth of a second, each with the time in it.
"""

import asyncio
import json
import os
import re
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import Figure, median, percentile
from tests.clients import Caller, until
from tests.fakes.jenkins import Simulator
from tests.office import Office

VIEWERS = int(os.environ.get("BENCH_JENKINS_VIEWERS", "50"))
LINES = int(os.environ.get("BENCH_JENKINS_LINES", "200"))
PAUSE = 0.1
JOB = "<project><description>sim: seconds=inf rate=0</description><builders/></project>"
STAMP = re.compile(r"^sent (\d+\.\d+)$", re.MULTILINE)


def measure() -> list[Figure]:
    """Run a build, watch it, and count."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(quiet_period=0) as jenkins,
        Office(Path(folder) / "home", LOG_LEVEL="warning", GATEWAY_IDLE_SECONDS="0") as office,
    ):
        chief = office.sign_in()
        build = _running(chief, jenkins)
        jenkins.requests.clear()
        began = time.monotonic()
        seconds = asyncio.run(_watch(office.url, chief.tokens["access"], build, jenkins))
        spent = time.monotonic() - began
        asked = [one for one in list(jenkins.requests) if "progressiveText" in one.path]
    # a second reader would begin at an offset that the first has left behind
    offsets = [int(one.query.partition("=")[2]) for one in asked]
    readers = 1 if offsets == sorted(offsets) else 2
    how = f"{VIEWERS} viewers, {LINES} lines, one each {PAUSE:g} s, {len(seconds):,} arrivals"
    return [
        Figure("live log: readers that Jenkins sees", readers, "", how),
        Figure("live log: requests to Jenkins", len(asked) / spent, "/s", "of all viewers together"),
        Figure("live log: from written to seen, half within", 1000 * median(seconds), "ms", how),
        Figure("live log: from written to seen, 99 % within", 1000 * percentile(seconds, 0.99), "ms", how),
    ]


def _running(chief: Caller, jenkins: Simulator) -> str:
    given = {"name": "Bench", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    job = chief.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": JOB}).json()["id"]
    build = str(chief.post(f"jenkins/jobs/{job}/build", {}).json()["id"])
    until(lambda: chief.get(f"jenkins/builds/{build}").json()["state"] == "running", "the build runs")
    return build


async def _watch(url: str, access: str, build: str, jenkins: Simulator) -> list[float]:
    headers = {"Authorization": f"Bearer {access}"}
    async with AsyncExitStack() as stack:
        lines = []
        for _viewer in range(VIEWERS):
            opening = connect(
                url.replace("http", "ws", 1) + "/ws/", additional_headers=headers, proxy=None, ping_interval=None
            )
            line = await stack.enter_async_context(opening)
            await line.send(json.dumps({"id": 1, "topic": "jenkins.log", "data": {"build": build}}))
            lines.append(line)
        hearing = [asyncio.create_task(_hear(line)) for line in lines]
        await asyncio.sleep(1)
        writing = threading.Thread(target=_write, args=(jenkins,))
        writing.start()
        heard = await asyncio.gather(*hearing)
        writing.join()
        return [one for seconds in heard for one in seconds]


def _write(jenkins: Simulator) -> None:
    for _line in range(LINES):
        jenkins.write("talker", f"sent {time.time():.6f}")
        time.sleep(PAUSE)
    jenkins.finish("talker")


async def _hear(line: ClientConnection) -> list[float]:
    seconds: list[float] = []
    while True:
        frame = json.loads(await line.recv())
        if frame["topic"] == "jenkins.log":
            now = time.time()
            seconds += [now - float(stamp) for stamp in STAMP.findall(frame["data"]["text"])]
            if frame["data"]["complete"]:
                return seconds
