"""A live log with many viewers: how many readers Jenkins sees, and how long a line takes from there to them.

`BENCH_JENKINS_VIEWERS` people watch a build. First it is silent, now and then, for longer than it takes the reader to ask but once a
second; then it writes a line a tenth of a second. Both are told apart: a line after a silence waits for the next time that Jenkins
is asked, and a few of them among the others make the 99th part of these whatever they happen to be.
"""

import asyncio
import json
import os
import random
import re
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import Figure, median, percentile
from tests.clients import Caller, until
from tests.fakes.jenkins import Simulator
from tests.fakes.jenkins.stapler import Request
from tests.office import Office

VIEWERS = int(os.environ.get("BENCH_JENKINS_VIEWERS", "50"))
LINES = int(os.environ.get("BENCH_JENKINS_LINES", "200"))
SILENCES = int(os.environ.get("BENCH_JENKINS_SILENCES", "20"))
PAUSE, SILENCE = 0.1, 3.0
WARM_LINES = 20
"""Until the reader asks as often as it does of a build that talks; not counted."""
JOB = "<project><description>sim: seconds=inf rate=0</description><builders/></project>"
STAMP = re.compile(r"^(first|sent) (\d+\.\d+)$", re.MULTILINE)


@dataclass
class Heard:
    """How long lines took, after a silence and in the middle of talk, and how often Jenkins was asked meanwhile."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"first": [], "sent": []})
    asked: int = 0
    talked: float = 0.0


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
        heard = asyncio.run(_watch(office.url, chief.tokens["access"], build, jenkins))
        # a second reader would begin at an offset that the first has left behind
        offsets = [int(one.query.partition("=")[2]) for one in _asked(jenkins)]
    readers = 1 if offsets == sorted(offsets) else 2
    talk, first = heard.seconds["sent"], heard.seconds["first"]
    how = f"{VIEWERS} viewers, {LINES} lines, one each {PAUSE:g} s, {len(talk):,} arrivals"
    silent = f"{VIEWERS} viewers, {SILENCES} lines, each after {SILENCE:g} s of silence, {len(first):,} arrivals"
    return [
        Figure("live log: readers that Jenkins sees", readers, "", how),
        Figure(
            "live log: requests to Jenkins", heard.asked / heard.talked, "/s", "of all viewers together, while it talks"
        ),
        Figure("live log: from written to seen, half within", 1000 * median(talk), "ms", how),
        Figure("live log: from written to seen, 99 % within", 1000 * percentile(talk, 0.99), "ms", how),
        Figure("live log: the first line after a silence, half within", 1000 * median(first), "ms", silent),
        Figure("live log: the first line after a silence, the slowest", 1000 * max(first), "ms", silent),
    ]


def _asked(jenkins: Simulator) -> list[Request]:
    return [one for one in list(jenkins.requests) if "progressiveText" in one.path]


def _running(chief: Caller, jenkins: Simulator) -> str:
    given = {"name": "Bench", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    job = chief.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": JOB}).json()["id"]
    build = str(chief.post(f"jenkins/jobs/{job}/build", {}).json()["id"])
    until(lambda: chief.get(f"jenkins/builds/{build}").json()["state"] == "running", "the build runs")
    return build


async def _watch(url: str, access: str, build: str, jenkins: Simulator) -> Heard:
    heard = Heard()
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
        hearing = [asyncio.create_task(_hear(line, heard)) for line in lines]
        writing = threading.Thread(target=_write, args=(jenkins, heard))
        writing.start()
        await asyncio.gather(*hearing)
        writing.join()
        return heard


def _write(jenkins: Simulator, heard: Heard) -> None:
    for _line in range(SILENCES):
        # not always in the same step with who asks once a second
        time.sleep(SILENCE + random.random())
        jenkins.write("talker", f"first {time.time():.6f}")
    _talk(jenkins, "warm", WARM_LINES)
    before, began = len(_asked(jenkins)), time.monotonic()
    _talk(jenkins, "sent", LINES)
    heard.asked, heard.talked = len(_asked(jenkins)) - before, time.monotonic() - began
    jenkins.finish("talker")


def _talk(jenkins: Simulator, word: str, lines: int) -> None:
    for _line in range(lines):
        jenkins.write("talker", f"{word} {time.time():.6f}")
        time.sleep(PAUSE)


async def _hear(line: ClientConnection, heard: Heard) -> None:
    while True:
        frame = json.loads(await line.recv())
        if frame["topic"] == "jenkins.log":
            now = time.time()
            for word, stamp in STAMP.findall(frame["data"]["text"]):
                heard.seconds[word].append(now - float(stamp))
            if frame["data"]["complete"]:
                return
