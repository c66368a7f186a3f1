"""What each database makes of the same requests, and what it costs there and here."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks import load
from benchmarks.figures import Figure, median, percentile
from tests.databases.databases import Database
from tests.office import Office

SECONDS = 6.0
CLIENTS = 4
PEOPLE = 200
PASSWORD = "Bench1word"
ENGINES = {"SQLite": "", "PostgreSQL": "postgres", "MariaDB": "mysql"}


def measure() -> list[Figure]:
    """Send the same to an office on each."""
    figures = [figure for name, engine in ENGINES.items() for figure in _measured(name, engine)]
    load_meanwhile = Figure("load of the machine meanwhile", os.getloadavg()[1], "", f"on {os.cpu_count()} cores")
    return [*figures, load_meanwhile]


def _measured(name: str, engine: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, _database(engine) as (url, port):
        settings = {"DATABASE_URL": url, "LOG_LEVEL": "warning", "MULTI_LOGIN": "true"}
        with Office(Path(folder) / "home", **settings) as office:
            administrator = office.sign_in()
            for number in range(PEOPLE):
                person = {"username": f"bench{number:04}", "password": PASSWORD, "real_name": "Bench"}
                administrator.post("users/", person).raise_for_status()
            bearer = {"Authorization": f"Bearer {administrator.tokens['access']}"}
            me = [load.Request("GET", "/api/v1/auth/me", bearer)]
            people = [load.Request("GET", "/api/v1/users/?search=bench&page=2", bearer)]
            doors = [
                [load.json_request("/api/v1/auth/login", {"username": f"bench{number:04}", "password": PASSWORD})]
                for number in range(CLIENTS)
            ]
            return [
                _figure(f"{name}: `auth/me`", office, port, [me] * CLIENTS),
                _figure(f"{name}: a page of `users/`, searched", office, port, [people] * CLIENTS),
                _figure(f"{name}: sign-in", office, port, doors),
            ]


def _figure(what: str, office: Office, port: int, clients: list[list[load.Request]]) -> Figure:
    load.run(office.url, clients, 1.0)  # connections are open and caches warm
    here, there = cpu(office.process.pid), cpu(listener(port))
    seen = load.run(office.url, clients, SECONDS)
    here, there = cpu(office.process.pid) - here, cpu(listener(port)) - there
    milliseconds = [one * 1000 for one in seen.times]
    count = len(seen.times)
    database = f"{1000 * there / count:.2f} ms of the database server's CPU each" if port else "the database is inside"
    return Figure(
        what,
        count / here,
        "per CPU second of Gatehouse",
        f"{database}; {seen.per_second:.0f} /s by the clock, half within {median(milliseconds):.1f} ms, 99 % within "
        f"{percentile(milliseconds, 0.99):.0f} ms",
    )


@contextmanager
def _database(engine: str) -> Iterator[tuple[str, int]]:
    """An empty database and its server's port; none for SQLite, which lives in the home."""
    if not engine:
        yield "", 0
        return
    database = Database(engine)
    database.create()
    try:
        yield database.url, int(urlsplit(database.url).port or 0)
    finally:
        database.drop()


def listener(port: int) -> int:
    """Return the process that listens on a port; 0 for none."""
    if not port:
        return 0
    listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
    return next(one.pid or 0 for one in listening if getattr(one.laddr, "port", 0) == port)


def cpu(pid: int) -> float:
    """CPU seconds of a process and all below it, those that have ended included."""
    if not pid:
        return 0.0
    root = psutil.Process(pid)
    total = 0.0
    for one in [root, *root.children(recursive=True)]:
        try:
            spent = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += spent.user + spent.system + spent.children_user + spent.children_system
    return total
