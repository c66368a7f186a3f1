"""What becomes of messages that left: told by the provider when asked, or in its receipts.

Both come here, in any order, late and several times. That an attempt arrived outweighs whatever else is said of it, and of
the other attempts of its message.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.sms.errors import ReceiptRefused
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers import Client, Delivery, Fate, NotSent, client_of
from project.core.errors import InvalidParameters

log = structlog.get_logger(__name__)
LOOKS = tuple(timedelta(seconds=one) for one in (20, 60, 300, 1_800, 7_200, 43_200, 86_400, 172_800))
"""How long after a message left, or the last look, its provider is asked; then never again."""
RECEIPTS_COME_WITHIN = timedelta(minutes=10)
"""Where the provider calls back it is asked only after this time."""
FAILED_RECEIPT_COUNTS = frozenset({Message.State.SENT, Message.State.UNKNOWN})
SIGNATURE = "X-Signature"
TRIES = 3


def first_look(provider: Provider, client: Client, now: datetime) -> datetime | None:
    """When to ask for the first time what became of a message that left now; None: it cannot be asked."""
    if not client.can_be_asked:
        return None
    return now + (RECEIPTS_COME_WITHIN if provider.calls_back else LOOKS[0])


def expire() -> int:
    """End the messages that wait although their time is over, and their secrets with them; return how many."""
    now = timezone.now()
    over = Message.objects.filter(state=Message.State.PENDING, expires_at__lte=now).exclude(lease_until__gt=now)
    return over.update(state=Message.State.EXPIRED, secret="", finished_at=now, worker="", lease_until=None)


def take_receipts(provider: Provider, body: bytes, headers: Mapping[str, str], ip: str) -> int:
    """Take what a provider calls back with; return of how many messages there was news.

    :raises ReceiptRefused: when it is neither signed nor from one of the provider's addresses.
    :raises InvalidParameters: when it is not in the provider's form.
    """
    if not (_is_signed(provider, body, headers.get(SIGNATURE, "")) or _is_from(provider, ip)):
        raise ReceiptRefused
    try:
        receipts = client_of(provider).read_receipts(body)
    except (NotSent, ValueError, RecursionError) as problem:
        raise InvalidParameters from problem
    return take(provider, receipts)


def take(provider: Provider, told: Iterable[Delivery], *, of_its_kind: bool = False) -> int:
    """Write down what a provider told of its messages; return of how many there was news.

    :param of_its_kind: of the messages of every provider of this kind: they may be one account.
    """
    whose = {"provider__kind": provider.kind} if of_its_kind else {"provider": provider}
    attempts = Attempt.objects.filter(**whose).select_related("provider")
    news = 0
    for one in told:
        attempt = _attempt_of(attempts, one)
        if attempt is None:
            log.warning("sms.stray_receipt", provider=provider.key, remote_id=one.remote_id[:80])
        else:
            news += take_one(attempt, one)
    return news


def _is_signed(provider: Provider, body: bytes, signature: str) -> bool:
    """`X-Signature: sha256=` and the hex HMAC of the body with the provider's `receipt_secret`."""
    secret = provider.receipt_secret
    expected = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return bool(secret) and hmac.compare_digest(signature.encode(), expected.encode())


def _is_from(provider: Provider, ip: str) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    return any(address in ip_network(one, strict=False) for one in provider.receipt_addresses)


def _attempt_of(ours: "QuerySet[Attempt]", told: Delivery) -> Attempt | None:
    pk, _dash, number = told.reference.partition("-")
    if len(pk) == 32 and number.isascii() and number.isdigit() and len(number) < 5:
        try:
            return ours.filter(message_id=UUID(pk), number=int(number)).first()
        except ValueError:
            return None
    return ours.filter(remote_id=told.remote_id).first() if told.remote_id else None


def take_one(attempt: Attempt, told: Delivery) -> bool:
    """Write news of an attempt down, and what follows for its message; return whether it was news."""
    now = timezone.now()
    with transaction.atomic():
        row = Attempt.objects.filter(pk=attempt.pk)
        arrived = row.exclude(outcome=Attempt.Outcome.ACCEPTED).update(
            outcome=Attempt.Outcome.ACCEPTED, remote_id=told.remote_id or attempt.remote_id, ended_at=now
        )
        # a receipt that it arrived outweighs one that it did not
        open_to = ("", Attempt.Receipt.FAILED) if told.fate is Fate.DELIVERED else ("",)
        final = told.fate is not Fate.UNDER_WAY and row.filter(receipt__in=open_to).update(
            receipt=told.fate.value, receipt_code=told.code, receipt_at=told.at or now
        )
        if arrived or final:
            _follow(attempt, told, now)
        if told.segments and attempt.provider is not None:
            cost = attempt.provider.cost_per_segment * told.segments
            row.update(cost=cost)
            Message.objects.filter(pk=attempt.message_id).update(segments=told.segments, cost=cost)
    return bool(arrived or final)


def _follow(attempt: Attempt, told: Delivery, now: datetime) -> None:
    for _try in range(TRIES):  # a worker may move it at the same moment
        message = Message.objects.get(pk=attempt.message_id)
        state, fields = _what_follows(message, attempt, told, now)
        if state is None:
            return
        if message.move(state, remote_id=told.remote_id or attempt.remote_id or message.remote_id, **fields):
            log.info("sms.told", id=str(message.pk), state=state, code=told.code)
            return


def _what_follows(
    message: Message, attempt: Attempt, told: Delivery, now: datetime
) -> tuple[str | None, dict[str, Any]]:
    sent_at = message.sent_at or attempt.started_at
    match told.fate:
        case Fate.DELIVERED if message.state != Message.State.DELIVERED:
            at = told.at or now
            told_now: dict[str, Any] = {
                "delivered_at": at,
                "sent_at": sent_at,
                "look_at": None,
                "error": "",
                "error_code": "",
            }
            return Message.State.DELIVERED, told_now
        case Fate.FAILED if message.state in FAILED_RECEIPT_COUNTS:
            return Message.State.FAILED, {"look_at": None, "error_code": told.code, "sent_at": sent_at}
        case Fate.UNDER_WAY if message.state == Message.State.UNKNOWN:
            again = message.look_at or now + LOOKS[0]
            return Message.State.SENT, {"error": "", "error_code": "", "look_at": again}
    return None, {}
