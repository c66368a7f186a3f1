"""Messages of the queues that could not be delivered: rows, until somebody deals with them (realtime/services.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from project.core.errors import GatehouseError
from realtime import letters
from realtime.models import DeadLetter

Reason = DeadLetter.Reason
KEPT = 10_000
"""So many rows at most: who floods a queue with nonsense fills no disk. The newest stay."""
KEPT_DAYS = 30
LONGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Arrived:
    """What lay on a queue, and how often it was handed out."""

    body: bytes
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that cannot be delivered, and why."""

    arrived: Arrived
    reason: Reason
    detail: str
    id: str = ""


def set_aside(source: str, those: Sequence[Dead]) -> None:
    """Keep messages that cannot be delivered as rows."""
    rows = [_row(source, one) for one in those]
    with transaction.atomic():
        DeadLetter.objects.bulk_create(rows)
        newest = DeadLetter.objects.order_by("-pk").values_list("pk", flat=True)[:1]
        for pk in newest:
            DeadLetter.objects.filter(pk__lte=pk - KEPT).delete()


def explained(letter: DeadLetter) -> str:
    """Return why it could not be delivered, in the reader's language where its body still tells."""
    body = letter.body.encode()
    if len(body) != letter.size or letter.reason not in {Reason.NOT_JSON, Reason.INVALID, Reason.EXPIRED}:
        return letter.detail
    try:
        until = letters.opened(body).expires_at
    except GatehouseError as problem:
        wrong = [f"{name}: {' '.join(map(str, texts))}" for name, texts in problem.fields.items()]
        return "\n".join(wrong) or str(problem)
    if letter.reason != Reason.EXPIRED or until is None:
        return letter.detail
    return _("Good until %(moment)s") % {"moment": date_format(timezone.localtime(until), "DATETIME_FORMAT")}


def purge() -> int:
    """Delete rows that are older than KEPT_DAYS; return how many."""
    return DeadLetter.objects.filter(created_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def _row(source: str, one: Dead) -> DeadLetter:
    body = one.arrived.body
    return DeadLetter(
        source=source,
        reason=one.reason,
        detail=one.detail[:2000],
        message_id=one.id,
        # no database keeps a NUL in a text; JSON has none
        body=body[:LONGEST_BODY].decode("utf-8", "backslashreplace").replace("\x00", "\\x00"),
        is_cut=len(body) > LONGEST_BODY,
        size=len(body),
        attempts=min(one.arrived.attempts, 32_767),
    )
