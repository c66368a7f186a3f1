"""What must stand before the first request: tables, static files, the first administrator, signing keys.

Every step does nothing when it was done before, and is safe when several nodes start at once.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from itertools import count
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.db import NotSupportedError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from accounts import keys
from accounts.services import ensure_first_administrator
from integrations.sms import routing
from project import demo
from project.celery import app
from project.core import databases
from project.demo.people import Account

LOCK_SECONDS = 300
LOCK_TRIES_EVERY = 0.25
Say = Callable[[str], None]


class NotForProduction(Exception):
    """What is set up in the database is for development."""


@dataclass(frozen=True)
class Ready:
    """What the terminal is told about a start."""

    administrator: str
    password: str | None
    """Set only when it was generated just now."""
    demo_people: list[Account]
    """The demo people who can sign in; empty when no demo was loaded just now."""


class NoDatabase(Exception):
    """The database does not answer, does not let us in, or cannot do what we need of it."""


class UnusableKeys(Exception):
    """Nobody could sign in here: the signing keys are not for this node."""


def prepare(*, with_demo: bool, say: Say) -> Ready:
    """Make this installation ready to serve; tell each longer step through `say`.

    :raises NoDatabase: when the database cannot be used; says why and what to do.
    :raises UnusableKeys, NotForProduction: likewise.
    """
    _reach_database()
    _look_at_database(say)
    with alone(say):
        fresh = _migrate(say)
        ensure_telephones()
        collect_static(say)
        _plan()
        keys.ensure()
        if problems := keys.problems():
            raise UnusableKeys("\n".join(problems))
        user, password = ensure_first_administrator()
        people = _invent_people(say) if fresh and with_demo else []
    return Ready(user.get_username(), password, people)


def _reach_database() -> None:
    try:
        connection.ensure_connection()
    except NotSupportedError as problem:
        raise NoDatabase(f"The database server of DATABASE_URL is too old: {problem}") from problem
    except Exception as problem:  # every driver and its pool raise their own
        reason = " ".join(str(problem).split())
        raise NoDatabase(
            f"The database of DATABASE_URL cannot be reached: {reason or type(problem).__name__}"
        ) from problem


def _look_at_database(say: Say) -> None:
    found = databases.check(None, databases=[connection.alias])
    if wrong := [one for one in found if one.is_serious()]:
        raise NoDatabase("\n".join(map(_told, wrong)))
    for one in found:
        say(f"Note: {_told(one)}")


def _told(one: CheckMessage) -> str:
    return f"{one.msg} {one.hint}"


@contextmanager
def alone(say: Say = lambda _: None) -> Iterator[None]:
    """Hold the installation's start lock: in the database where it has one, else in the home.

    :raises NoDatabase: when somebody else holds it for too long.
    """
    if connection.vendor == "sqlite":
        with (settings.HOME / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    # a connection of its own, outside of the pool: the lock lives as long as it does, and ends with it
    holder = connection.copy()
    holder.settings_dict["OPTIONS"].pop("pool", None)
    try:
        _wait_for_lock(holder, say)
        yield
    finally:
        holder.close()


def _wait_for_lock(holder: BaseDatabaseWrapper, say: Say) -> None:
    take, lock = databases.start_lock(holder.vendor, holder.settings_dict["NAME"])
    deadline = time.monotonic() + LOCK_SECONDS
    with holder.cursor() as cursor:
        for attempt in count():
            cursor.execute(take, [lock])
            if cursor.fetchone()[0]:
                return
            if attempt == 0:
                say("Waiting for another node that prepares the database")
            if time.monotonic() > deadline:
                raise NoDatabase(
                    f"Another node has been preparing this database for {LOCK_SECONDS} s: look what it does, then start"
                    " this one again."
                )
            time.sleep(LOCK_TRIES_EVERY)


def _migrate(say: Say) -> bool:
    """Migrate; return whether the database was empty before."""
    executor = MigrationExecutor(connection)
    fresh = not executor.loader.applied_migrations
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        if wrong := databases.may_create_tables(connection):
            raise NoDatabase(_told(wrong))
        say(f"Preparing the database ({len(plan)} migrations)")
        started = time.monotonic()
        call_command("migrate", interactive=False, verbosity=0, stdout=StringIO())
        say(f"Database ready in {time.monotonic() - started:.1f} s")
    return fresh


def ensure_telephones() -> None:
    """:raises NotForProduction: when text messages would be printed here instead of being sent."""
    if used := routing.playthings_in_use():
        raise NotForProduction(
            f"Text messages would not be sent: {', '.join(used)} is a provider for development. Switch it off with"
            f" `manage.py sms disable {used[0]}`, and set up another one in the back office."
        )


def _plan() -> None:
    """Write the schedule down: of two schedulers that start at once, one would fail to add what the other adds."""
    schedule = app.conf.beat_schedule
    for name in schedule.keys() - set(PeriodicTask.objects.values_list("name", flat=True)):
        ModelEntry.from_entry(name, app=app, **schedule[name])


def _invent_people(say: Say) -> list[Account]:
    say("Inviting demo people (manage.py demo --remove takes them out)")
    return demo.load()


def collect_static(say: Say) -> None:
    """Collect when files changed since the last time: to compress them all takes seconds, at each start of each process."""
    if settings.SERVESTATIC_USE_FINDERS:
        return
    mark, found = Path(settings.STATIC_ROOT) / ".collected", _static_files()
    if mark.is_file() and mark.read_text() == found:
        return
    say("Collecting static files")
    mark.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, stdout=StringIO())
    mark.write_text(found)


def _static_files() -> str:
    """Return a digest of which static files there are, how large and how old."""
    digest = sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            path = storage.path(name)
            about = os.stat(path)
            digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
