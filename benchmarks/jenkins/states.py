"""The state of all jobs: our one request, the seed's loop over them, and python-jenkins' own.

The simulated Jenkins is a process of its own, each of whose answers comes 20 ms later, as over a line to another town.
`BENCH_JENKINS_JOBS` and `BENCH_JENKINS_FOLDERS` make it smaller.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import jenkins
import requests

from benchmarks.figures import ROOT, Figure, median
from benchmarks.servers import free_port, wait_for

JOBS, FOLDERS = int(os.environ.get("BENCH_JENKINS_JOBS", "1000")), int(os.environ.get("BENCH_JENKINS_FOLDERS", "50"))
LATENCY_MILLISECONDS = 20
TURNS = 5
OURS = """
import json, sys, time
import django
django.setup()
from integrations.jenkins.client import Account, Client
url, user, token, turns = sys.argv[1:]
told = []
for _turn in range(int(turns)):
    began = time.perf_counter()
    with Client(Account("bench", "Bench", url, user, token)) as client:
        jobs = sum(not one.is_folder for one in client.overview()[1])
    told.append(time.perf_counter() - began)
print(json.dumps({"seconds": told, "jobs": jobs}))
"""


class Simulated(NamedTuple):
    """Where it is, and as whom it is asked."""

    url: str
    user: str
    token: str

    @property
    def account(self) -> tuple[str, str]:
        return self.user, self.token

    def requests(self) -> int:
        """How many requests it had so far."""
        told: dict[str, Any] = requests.get(f"{self.url}__sim__/", timeout=30).json()
        return sum(told["requests"].values())

    def delay(self) -> None:
        fault = {"kind": "latency", "size": str(LATENCY_MILLISECONDS)}
        requests.post(f"{self.url}__sim__/faults", data=fault, timeout=30)


def measure() -> list[Figure]:
    """Measure the three ways."""
    with simulated() as there:
        there.delay()
        ours = _counted(there, lambda: _ours(there))
        loop = _counted(there, lambda: _timed(lambda: _seeds_loop(there)))
        colours = _counted(there, lambda: _timed(lambda: _python_jenkins(there)))
        theirs = _counted(there, lambda: _timed(lambda: _python_jenkins(there, each=True)))
    about = f"{JOBS:,} jobs in {FOLDERS} folders, {LATENCY_MILLISECONDS} ms to each answer"
    one = ours[0]
    return [
        Figure("state of all jobs: ours", one, "s", f"{about}; {ours[1] // TURNS} request; median of {TURNS}"),
        Figure("state of all jobs: the seed's loop", loop[0], "s", f"likewise; {loop[1]:,} requests"),
        Figure("state of all jobs: python-jenkins", theirs[0], "s", f"`get_all_jobs` and each; {theirs[1]:,} requests"),
        Figure("names and colours alone: python-jenkins", colours[0], "s", f"`get_all_jobs`; {colours[1]:,} requests"),
        Figure("ours is faster than the seed's loop", loop[0] / one, "×", "likewise"),
        Figure("ours is faster than python-jenkins", theirs[0] / one, "×", "where it is to know as much"),
    ]


@contextmanager
def simulated() -> Iterator[Simulated]:
    """Run the simulated Jenkins, with that many jobs."""
    port = free_port()
    size = ["--jobs", str(JOBS), "--folders", str(FOLDERS)]
    command = [sys.executable, "-m", "tests.fakes.jenkins", "--port", str(port), *size]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        wait_for(port, process)  # type: ignore[arg-type]  # only asked whether it lives
        assert process.stdout
        said = "".join(process.stdout.readline() for _line in range(5))
        token, user = re.search(r"API token\s+(\S+)", said), re.search(r"user\s+(\S+)", said)
        assert token
        assert user
        yield Simulated(f"http://127.0.0.1:{port}/", user[1], token[1])
    finally:
        process.terminate()
        process.communicate()


def _counted(there: Simulated, work: Callable[[], float]) -> tuple[float, int]:
    before = there.requests()
    seconds = work()
    return seconds, there.requests() - before


def _timed(work: Callable[[], int]) -> float:
    began = time.perf_counter()
    found = work()
    assert found == JOBS, f"{found} jobs"
    return time.perf_counter() - began


def _ours(there: Simulated) -> float:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "GATEHOUSE_ENV": "dev",
        "LOG_LEVEL": "error",
    }
    command = [sys.executable, "-c", OURS, there.url, there.user, there.token, str(TURNS)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    told = json.loads(done.stdout)
    assert told["jobs"] == JOBS
    return median(told["seconds"])


def _seeds_loop(there: Simulated) -> int:
    """What `GetAllJobs` of the seed's client does: the list, then each job by itself, for folders all over again."""
    with requests.Session() as session:
        session.auth, session.trust_env = there.account, False
        waiting, found = [there.url], 0
        while waiting:
            told = session.get(f"{waiting.pop()}api/json", timeout=60).json()
            if "jobs" in told:
                waiting += [one["url"] for one in told["jobs"]]
            else:
                found += told["nextBuildNumber"] > 0
        return found


def _python_jenkins(there: Simulated, *, each: bool = False) -> int:
    """`get_all_jobs` knows names and colours; numbers, results, health and parameters are asked for one by one."""
    server = jenkins.Jenkins(there.url, *there.account, timeout=60)
    found = [one for one in server.get_all_jobs() if "jobs" not in one]
    for one in found if each else ():
        server.get_job_info(one["fullname"])
    return len(found)
