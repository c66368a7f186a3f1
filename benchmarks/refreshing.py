"""The refresh storm: eight at once with one refresh token, in two processes, round after round; then what one refresh costs.

All eight must get the same successor, and the session must have moved on by one. Rounds end after MINUTES on each database, should they not be
through by then; the figure says how many there were.
"""

import multiprocessing
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import storm
from benchmarks.figures import Figure
from tests.databases.databases import Database

ROUNDS = 10_000
MINUTES = 20.0
PROCESSES, THREADS = 2, 4
ENGINES = {"SQLite": "", "PostgreSQL": "postgres"}


def measure() -> list[Figure]:
    """Let it storm on each database."""
    return [figure for name, engine in ENGINES.items() for figure in _storm(name, engine)]


def _storm(name: str, engine: str) -> list[Figure]:
    context = multiprocessing.get_context("spawn")
    with _home(engine):
        with context.Pool(1) as pool:
            sid, token = pool.apply(storm.opened)
        start, last = context.Barrier(PROCESSES * THREADS), context.Value("i", ROUNDS)
        answers = context.Queue()
        given = (start, last, answers, token, THREADS, 60 * MINUTES)
        crowd = [context.Process(target=storm.process, args=given) for _ in range(PROCESSES)]
        began = time.perf_counter()
        for one in crowd:
            one.start()
        seen = [answers.get(timeout=storm.PATIENCE + 60 * MINUTES) for _ in crowd]
        took = time.perf_counter() - began
        for one in crowd:
            one.join(storm.PATIENCE)
        with context.Pool(1) as pool:
            generation = pool.apply(storm.generation, (sid,))
    rounds = max(one["rounds"] for one in seen)
    wrong = sum(one["wrong"] for one in seen) + abs(generation - rounds)
    wrong += len({token for one in seen for token in one["last"]}) - 1
    cpu = sum(one["cpu"] for one in seen)
    how = f"{PROCESSES} processes of {THREADS} threads, over {took:.0f} s; load of the machine {os.getloadavg()[0]:.0f}"
    calls = rounds * PROCESSES * THREADS
    return [
        Figure(f"{name}: rounds of eight refreshes at once", rounds, "", how),
        Figure(f"{name}: violations", wrong, "", "another successor, a refusal, a generation too many"),
        Figure(f"{name}: refreshes", calls / cpu, "per CPU second", "all eight of a round, the database server apart"),
    ]


@contextmanager
def _home(engine: str) -> Iterator[None]:
    """A home and a database for the processes to come, which inherit this one's environment."""
    before = dict(os.environ)
    database = Database(engine) if engine else None
    if database:
        database.create()
    with tempfile.TemporaryDirectory() as home:
        given = {"GATEHOUSE_HOME": home, "GATEHOUSE_ENV": "dev", "LOG_LEVEL": "error", "REDIS_URL": ""}
        given |= {"SECRET_KEY": secrets.token_urlsafe(60), "DATABASE_URL": database.url if database else ""}
        os.environ |= given | {"DJANGO_SETTINGS_MODULE": "project.settings", "REFRESH_GRACE_SECONDS": "60"}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before
            if database:
                database.drop()
