"""What it costs to know who calls: ours, stock simplejwt and DRF's session authentication, side by side.

Each figure is CPU of the serving process for a whole request, less that of an anonymous request to the same view. The doors are
asked in turn, a few hundred times each, round after round, so that whatever else the machine does falls on all of them.
"""

import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.figures import ROOT, Figure
from project import env
from tests.databases.databases import Database
from tests.environment import need
from tests.nodes.house import sweep_out

ROUNDS = 8
REQUESTS = 150
"""In a round, for each door."""


@dataclass
class House:
    """One process with its doors."""

    process: psutil.Process
    line: http.client.HTTPConnection
    doors: dict[str, dict[str, str]]

    def ask(self, door: str, more: str = "") -> http.client.HTTPResponse:
        """Come in once."""
        self.line.request("GET", f"/doors/{door}{more}", headers={"Accept-Language": "en"} | self.doors[door])
        answer = self.line.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{door} answered {answer.status}")
        return answer

    def queries(self, door: str) -> int:
        """How many queries a call takes that is not the first."""
        return min(int(self.ask(door, "?count").headers["X-Queries"]) for _ in range(5))

    def milliseconds(self, door: str) -> float:
        """CPU for one request, of REQUESTS."""
        before = self.process.cpu_times()
        for _ in range(REQUESTS):
            self.ask(door)
        after = self.process.cpu_times()
        return 1000 * (after.user + after.system - before.user - before.system) / REQUESTS


def measure() -> list[Figure]:
    """Open three houses and ask at all doors in turn."""
    with ExitStack() as stack:
        memory = stack.enter_context(_house("ours"))
        with_redis = {"DATABASE_URL": stack.enter_context(_database()), "REDIS_URL": need("REDIS_URL")}
        shared = stack.enter_context(_house("ours", **with_redis))
        stock = stack.enter_context(_house("session", DATABASE_URL=stack.enter_context(_database())))
        asked = [(memory, "anonymous"), (memory, "ours")]
        asked += [(shared, "anonymous"), (shared, "ours"), (shared, "simplejwt")]
        asked += [(stock, "anonymous"), (stock, "session")]
        queries = {(id(house), door): house.queries(door) for house, door in asked}
        taken: dict[tuple[int, str], list[float]] = {(id(house), door): [] for house, door in asked}
        for _round in range(ROUNDS):
            for house, door in asked:
                taken[id(house), door].append(house.milliseconds(door))
        told = _told(memory, shared, stock, taken, queries)
    return [*told, Figure("load of the machine meanwhile", os.getloadavg()[1], "", f"on {os.cpu_count()} cores")]


def _told(memory: House, shared: House, stock: House, taken: Any, queries: Any) -> list[Figure]:
    def added(house: House, door: str) -> float:
        pairs = zip(taken[id(house), door], taken[id(house), "anonymous"], strict=True)
        return float(statistics.median(one - nobody for one, nobody in pairs))

    def figure(what: str, house: House, door: str) -> Figure:
        whole = statistics.median(taken[id(house), door])
        count = queries[id(house), door]
        return Figure(what, added(house, door), "ms CPU", f"{whole:.2f} ms for the whole request; queries: {count}")

    nobody = statistics.median(taken[id(shared), "anonymous"])
    against = added(shared, "simplejwt")
    return [
        Figure("anonymous request", nobody, "ms CPU", "a small DRF view, with all of Gatehouse's middleware"),
        figure("added by stock simplejwt `JWTAuthentication` (RS256, user query on PostgreSQL)", shared, "simplejwt"),
        figure("added by DRF's `SessionAuthentication` (sessions and users on PostgreSQL)", stock, "session"),
        figure("added by ours, PostgreSQL and Redis", shared, "ours"),
        figure("added by ours, in memory (SQLite)", memory, "ours"),
        Figure(
            "ours with Redis against stock simplejwt", added(shared, "ours") / against, "times", "target: at most 0.7"
        ),
        Figure(
            "ours in memory against stock simplejwt", added(memory, "ours") / against, "times", "target: at most 0.5"
        ),
    ]


@contextmanager
def _database() -> Iterator[str]:
    """An empty database on PostgreSQL, until the block ends."""
    database = Database("postgres")
    database.create()
    try:
        yield database.url
    finally:
        database.drop()


@contextmanager
def _house(kind: str, **given: str) -> Iterator[House]:
    prefix = f"bench-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as home:
        settings = {name: "" for name, _ in env.about()} | {"GATEHOUSE_HOME": home, "LOG_LEVEL": "warning"}
        settings |= {"GATEHOUSE_ENV": "dev", "MULTI_LOGIN": "true", "REDIS_PREFIX": prefix} | given
        command = [sys.executable, "-m", "benchmarks.doors_server", kind]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE)
        try:
            assert process.stdout
            told = json.loads(process.stdout.readline())
            line = http.client.HTTPConnection(urlsplit(told["url"]).netloc, timeout=30)
            yield House(psutil.Process(process.pid), line, told["doors"])
        finally:
            process.terminate()
            process.wait(30)
            if given.get("REDIS_URL"):
                sweep_out(settings)
