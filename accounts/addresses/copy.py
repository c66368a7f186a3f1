"""This process's copy of the address rules.

The rows are the truth. A look, at most one in ADDRESS_RULES_LOOK_SECONDS, asks whether they changed: the shared cache (Redis) knows a mark that
every change replaces; without one, or when it cannot be asked, one small query compares the rows, on SQLite only when somebody has written at all. So all nodes follow
a change within two seconds, and a cache that lost the mark is found out within half a minute.
"""

import secrets
import threading
import time
from collections.abc import Hashable
from datetime import datetime

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Max
from django.utils import timezone

from accounts.addresses import patterns
from accounts.addresses.table import Rule, Table
from accounts.models import AddressRule
from accounts.standing import is_shared
from project.core import cache, sqlite_watch
from project.core.errors import Unreachable

log = structlog.get_logger(__name__)

COMPARE_SECONDS = 30.0
"""With a shared cache: how often the rows are compared although the mark says nothing has changed."""
MARK_SECONDS = 86_400

Tables = dict[str, Table]
Fingerprint = tuple[int, int | None, datetime | None]
NOTHING: Tables = {place: Table(()) for place in AddressRule.PLACES}


class Copy:
    """The rules in force, as tables; one for each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: Tables | None = None
        self._rules: list[Rule] = []
        self._print: Fingerprint | None = None
        self._mark: str | None = None
        self._version: Hashable | None = None
        self._looked_at = self._compared_at = float("-inf")
        self._runs_out_at: datetime | None = None

    @property
    def is_fresh(self) -> bool:
        """Can `tables` answer without asking anybody?"""
        return self._tables is not None and time.monotonic() - self._looked_at < settings.ADDRESS_RULES_LOOK_SECONDS

    def tables(self) -> Tables:
        """The rules of each place.

        :raises Unreachable: when they were never read and cannot be.
        """
        if not self.is_fresh:
            # while one thread looks, the others go on with what is known
            with self._lock if self._tables is None else _Try(self._lock) as mine:
                if mine and not self.is_fresh:
                    self._look()
        if self._runs_out_at is not None and self._runs_out_at <= timezone.now():
            self._compile()
        return self._tables or NOTHING

    def forget(self) -> None:
        """Look again at the next call."""
        self._looked_at = self._compared_at = float("-inf")
        self._version = None

    def _look(self) -> None:
        mark, version = _mark(), None if is_shared() else sqlite_watch.version()
        now = time.monotonic()
        was_changed = mark != self._mark
        if version is not None and version == self._version:
            pass  # nobody has written to the file, so not to the rules
        elif mark is None or was_changed or now - self._compared_at >= COMPARE_SECONDS:
            try:
                self._compare(anyhow=was_changed)
            except (DatabaseError, InterfaceError) as problem:
                if self._tables is None:
                    raise Unreachable from problem
                log.warning("addresses.not_read", problem=str(problem))
            else:
                self._mark, self._compared_at, self._version = mark, now, version
        self._looked_at = now

    def _compare(self, *, anyhow: bool) -> None:
        found = fingerprint()
        # nodes' clocks differ, so a mark tells more than the rows' times
        if found == self._print and self._tables is not None and not anyhow:
            return
        self._rules, self._print = rules_now(), found
        self._compile()

    def _compile(self) -> None:
        now = timezone.now()
        rules = [rule for rule in self._rules if rule.expires_at is None or rule.expires_at > now]
        ends = [rule.expires_at for rule in rules if rule.expires_at is not None]
        self._tables = tables_of(rules)
        self._runs_out_at = min(ends, default=None)


class _Try:
    """`with` a lock only if it is free; tells whether it was."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock, self._mine = lock, False

    def __enter__(self) -> bool:
        self._mine = self._lock.acquire(blocking=False)
        return self._mine

    def __exit__(self, *_problem: object) -> None:
        if self._mine:
            self._lock.release()


def tables_of(rules: list[Rule]) -> Tables:
    """Make the tables of `rules`."""
    return {place: Table(rule for rule in rules if place in rule.places) for place in AddressRule.PLACES}


def rules_now() -> list[Rule]:
    """The rules in force, from the rows."""
    rows = AddressRule.objects.in_force().only("effect", "pattern", "for_admin", "for_api", "for_gateway", "expires_at")
    return [rule for row in rows if (rule := _rule(row)) is not None]


def fingerprint() -> Fingerprint:
    """What no change of the rows leaves as it was."""
    found = AddressRule.objects.aggregate(number=Count("pk"), newest=Max("pk"), changed=Max("changed_at"))
    return found["number"], found["newest"], found["changed"]


def announce() -> None:
    """Tell all nodes that the rows changed; called after the commit."""
    if is_shared():
        cache.state.insist("address_rules", value=secrets.token_hex(8), ttl=MARK_SECONDS)


def _mark() -> str | None:
    if not is_shared():
        return None
    try:
        found = cache.state.get("address_rules")
        if found is None:
            cache.state.add("address_rules", value=secrets.token_hex(8), ttl=MARK_SECONDS)
    except Unreachable:
        return None
    return str(found) if found is not None else None


def _rule(row: AddressRule) -> Rule | None:
    try:
        span = patterns.parse(row.pattern).span
    except ValidationError as problem:  # somebody wrote into the table by hand
        log.warning("addresses.rule_not_understood", rule=row.pk, problem=problem.messages[0])
        return None
    return Rule(row.pk, row.effect == AddressRule.Effect.DENY, span, tuple(row.places), row.expires_at)
