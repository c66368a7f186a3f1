"""Restarting node after node under load, behind nginx: what people notice of it."""

import secrets
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, median, percentile
from benchmarks.load import Request, json_request
from benchmarks.steady import Seen, asking
from tests.clients import Caller, until
from tests.deploy.certificates import Authority
from tests.deploy.nginx import Nginx
from tests.environment import need
from tests.nodes.databases import postgres
from tests.nodes.house import House

PER_SECOND, ROUNDS = 200, 5
HOW = f"{PER_SECOND} requests a second by https, 1 in 20 a POST, 2 in 20 signed in; two nodes on PostgreSQL and Redis"


def measure() -> list[Figure]:
    """Ask steadily while both nodes restart, again and again."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        place = Path(folder)
        authority = Authority(place / "authority")
        house = opened.enter_context(_house(place / "house", opened.enter_context(postgres())))
        nodes = [node.url for node in house.nodes]
        proxy = opened.enter_context(Nginx(place / "nginx", nodes, authority.issue("server")))
        for node in house.nodes:
            node.arguments = ("--only", "web", "--port", node.url.rpartition(":")[2], "--no-demo")
        keeper = Caller(proxy.url, trust=str(authority.root))
        keeper.sign_in("keeper", "Bench1word")
        with asking(proxy.url, _work(keeper), PER_SECOND, keeper.trust, clients=256) as seen:
            began = time.perf_counter()
            _wait_for(seen, 5)
            for _ in range(ROUNDS):
                for node in house.nodes:
                    node.close()
                    node.open()
                    _wait_for(seen, 2)
            seconds, answered = time.perf_counter() - began, len(seen.times)
        made = keeper.get("departments/").json()["count"]
    return _figures(seen, made, answered / seconds, seconds)


def _house(folder: Path, database: str) -> House:
    folder.mkdir()
    return House(
        folder,
        background=False,
        DATABASE_URL=database,
        REDIS_URL=need("REDIS_URL"),
        REDIS_PREFIX=f"bench-{secrets.token_hex(4)}",
        TRUSTED_PROXIES="127.0.0.1",
        LOG_LEVEL="warning",
        DJANGO_SUPERUSER_USERNAME="keeper",
        DJANGO_SUPERUSER_PASSWORD="Bench1word",
    )


def _work(keeper: Caller) -> list[Request]:
    bearer = {"Authorization": f"Bearer {keeper.tokens['access']}"}
    read, open_to_all = (
        Request("GET", "/api/v1/auth/me", bearer),
        Request("GET", "/.well-known/jwks.json", {}),
    )
    work = []
    for number in range(PER_SECOND * 10):
        made = json_request("/api/v1/departments/", {"name": f"Rolling {number}"}, 201)
        post = Request(made.method, made.path, made.headers | bearer, made.body, made.expected)
        work += [post, *[read, *[open_to_all] * 8] * 2, open_to_all]
    return work


def _wait_for(seen: Seen, seconds: int) -> None:
    enough = len(seen.times) + seconds * PER_SECOND // 2
    until(lambda: len(seen.times) > enough, "answers", 120)


def _figures(seen: Seen, made: int, reached: float, seconds: float) -> list[Figure]:
    milliseconds = [one * 1000 for one in seen.times]
    asked = len(seen.times) + len(seen.failures)
    return [
        Figure("rolling restart: failed requests", len(seen.failures), f"of {asked:,}", f"{2 * ROUNDS} restarts; {HOW}"),
        Figure("rolling restart: POSTs done twice or lost", abs(made - seen.answered["POST"]), f"of {made:,}", "counted in the database"),
        Figure("rolling restart: answers", reached, "/s", f"of {PER_SECOND} asked for, over {seconds:.0f} s of restarting one node after the other"),
        Figure("rolling restart: median latency", median(milliseconds), "ms", "of all requests, from the moment each was due"),
        Figure("rolling restart: 99 % latency", percentile(milliseconds, 0.99), "ms", "of all requests"),
        Figure("rolling restart: slowest request", max(milliseconds), "ms", "a refused connection is tried again after a second"),
    ]  # fmt: skip
