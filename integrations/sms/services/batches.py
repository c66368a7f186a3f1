"""Many messages share their statements: their tries are written down together before any call, and what came of them after.

Only what is plain goes this way: messages that no worker died over, and the first provider that carries them.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from integrations.sms import breakers
from integrations.sms.directory import Directory
from integrations.sms.errors import SecretLost
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers import Accepted, Client, NotSent, Outgoing
from integrations.sms.services import following
from integrations.sms.services.sending import Begun, attempt_of, compose
from integrations.sms.turns import turn
from project.core import jobs

log = structlog.get_logger(__name__)
Sent = tuple[Begun, Accepted]
Meant = tuple[Provider, Client, Outgoing]
ENDED = frozenset({"outcome", "ended_at", "remote_id", "request_id"})


def begin(claimed: Sequence[Message], directory: Directory) -> tuple[list[Begun], list[Message]]:
    """Write down the first tries of claimed messages, in one transaction.

    :returns: those that are to be called for now, and those that must be delivered one by one.
    """
    meant = {one.pk: found for one in claimed if (found := _meant(one, directory))}
    plain = [one for one in claimed if one.pk in meant]
    before = _outcomes_before(plain)
    begun: list[Begun] = []
    with turn(), transaction.atomic():
        for message in _moved(plain, meant):
            provider, client, outgoing = meant[message.pk]
            attempt = attempt_of(message, provider, before[message.pk])
            begun.append(Begun(message, provider, client, outgoing.named(attempt.reference), attempt))
        Attempt.objects.bulk_create([one.attempt for one in begun])
    return begun, [one for one in claimed if one.pk not in meant]


def end(sent: Sequence[Sent]) -> None:
    """Write down which messages providers took, in one transaction.

    What came of an attempt is kept also where somebody else has its message by now: they learn of it from that.
    """
    now = timezone.now()
    alike: dict[tuple[int, int], list[Sent]] = defaultdict(list)
    for one in sent:
        alike[one[0].provider.pk, one[0].message.segments].append(one)
    with turn(), transaction.atomic():
        _end_attempts(sent, now)
        moved = sum(_move(some, now) for some in alike.values())
    for provider in {one.provider.pk: one.provider for one, _accepted in sent}.values():
        breakers.it_took(provider)
    log.info("sms.taken", number=len(sent), moved=moved)


def _meant(message: Message, directory: Directory) -> Meant | None:
    """Who is asked first for it, and with what; None where more must be looked at."""
    if message.state != Message.State.PENDING or message.has_expired():
        return None
    first = next(iter(directory.carriers_of(message)), None)
    if first is None or breakers.is_left_alone(first):
        return None
    try:
        return first, *compose(message, first, directory)
    except (NotSent, SecretLost):
        return None


def _outcomes_before(messages: Sequence[Message]) -> dict[Any, list[str]]:
    found: dict[Any, list[str]] = defaultdict(list)
    if tried := [one.pk for one in messages if one.tried]:
        for pk, outcome in Attempt.objects.filter(message__in=tried).values_list("message", "outcome"):
            found[pk].append(outcome)
    return found


def _moved(messages: Sequence[Message], meant: dict[Any, Meant]) -> list[Message]:
    """Move them to “sending”; return those that nobody cancelled meanwhile."""
    by_provider: dict[int, list[Message]] = defaultdict(list)
    for one in messages:
        by_provider[meant[one.pk][0].pk].append(one)
    moved: list[Message] = []
    for some in by_provider.values():
        provider = meant[some[0].pk][0]
        moved += jobs.move_many(some, Message.State.SENDING, provider=provider, tried=F("tried") + 1)
    for one in moved:
        one.tried += 1
    return moved


def _end_attempts(sent: Sequence[Sent], now: datetime) -> None:
    """One statement, prepared once, with values for each: a CASE for each of them takes longer to put together than the calls."""
    fields = [one for one in Attempt._meta.concrete_fields if one.name in ENDED] + [Attempt._meta.pk]
    *columns, key = (f"{connection.ops.quote_name(str(one.column))} = %s" for one in fields)
    table = connection.ops.quote_name(Attempt._meta.db_table)
    rows = []
    for begun, accepted in sent:
        row = begun.attempt
        row.outcome, row.ended_at = Attempt.Outcome.ACCEPTED.value, now
        row.remote_id, row.request_id = accepted.remote_id, accepted.request_id
        rows.append([one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields])
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {', '.join(columns)} WHERE {key}", rows)  # noqa: S608 (our own names)


def _move(alike: Sequence[Sent], now: datetime) -> int:
    """Move messages of one provider that cost the same to “sent”; return how many were still ours."""
    first = alike[0][0]
    their_try = Attempt.objects.filter(message=OuterRef("pk"), number=OuterRef("tried"))
    moved = jobs.move_many(
        [one.message for one, _accepted in alike],
        Message.State.SENT,
        remote_id=Subquery(their_try.values("remote_id")),
        sent_at=now,
        cost=first.attempt.cost,
        look_at=following.first_look(first.provider, first.client, now),
        error="",
        error_code="",
        secret="",
    )
    return len(moved)
