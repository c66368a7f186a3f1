"""What must stand before the first request: tables, static files, the first administrator, signing keys.

Every step does nothing when it was done before, and is safe when several nodes start at once.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts import keys
from accounts.services import ensure_first_administrator
from project import demo
from project.demo.people import Account

LOCK_NUMBER = 0x6761_7465  # "gate": any number the installations of one database agree on
LOCK_SECONDS = 300

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ready:
    """What the terminal is told about a start."""

    administrator: str
    password: str | None
    """Set only when it was generated just now."""
    demo_people: list[Account]
    """The demo people who can sign in; empty when no demo was loaded just now."""


class NoDatabase(Exception):
    """The database does not answer, or does not let us in."""


def prepare(*, with_demo: bool, say: Say) -> Ready:
    """Make this installation ready to serve; tell each longer step through `say`.

    :raises NoDatabase: when the database cannot be reached.
    """
    _reach_database()
    with alone():
        fresh = _migrate(say)
        _collect_static(say)
        keys.ensure()
        user, password = ensure_first_administrator()
        people = _invent_people(say) if fresh and with_demo else []
    return Ready(user.get_username(), password, people)


def _reach_database() -> None:
    try:
        connection.ensure_connection()
    except Exception as problem:  # every driver and its pool raise their own
        reason = " ".join(str(problem).split())
        raise NoDatabase(
            f"The database of DATABASE_URL cannot be reached: {reason or type(problem).__name__}"
        ) from problem


@contextmanager
def alone() -> Iterator[None]:
    """Hold the installation's start lock: in the database where it has one, else in the home."""
    if connection.vendor == "sqlite":
        with (settings.HOME / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    take, leave = {
        "postgresql": (f"SELECT pg_advisory_lock({LOCK_NUMBER})", f"SELECT pg_advisory_unlock({LOCK_NUMBER})"),
        "mysql": (f"SELECT GET_LOCK('gatehouse', {LOCK_SECONDS})", "SELECT RELEASE_LOCK('gatehouse')"),
    }[connection.vendor]
    # a connection of its own: the migrations' may be closed between two of them
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute(take)
        yield
        with holder.cursor() as cursor:
            cursor.execute(leave)
    finally:
        holder.close()


def _migrate(say: Say) -> bool:
    """Migrate; return whether the database was empty before."""
    executor = MigrationExecutor(connection)
    fresh = not executor.loader.applied_migrations
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Preparing the database ({len(plan)} migrations)")
        started = time.monotonic()
        call_command("migrate", interactive=False, verbosity=0, stdout=StringIO())
        say(f"Database ready in {time.monotonic() - started:.1f} s")
    return fresh


def _invent_people(say: Say) -> list[Account]:
    say("Inviting demo people (manage.py demo --remove takes them out)")
    return demo.load()


def _collect_static(say: Say) -> None:
    if not settings.SERVESTATIC_USE_FINDERS:
        say("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0, stdout=StringIO())
