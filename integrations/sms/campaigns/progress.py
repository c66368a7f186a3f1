"""What pages and programs are told of a campaign: on the socket of who began it, at once and not too often."""

import time
from typing import Any

import structlog
from django.db.models import Count
from django.utils import timezone

from integrations.sms.models import Campaign, Message
from realtime import gateway

log = structlog.get_logger(__name__)
EVERY_SECONDS = 0.5


class Progress:
    """One phase of a campaign."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._told = 0.0

    def advance(self, done: int) -> None:
        """Report how far it is; keeps the job's lease.

        :raises LeaseLost: when it was stopped, or is another worker's now.
        """
        self._campaign.advance(done)
        if time.monotonic() - self._told >= EVERY_SECONDS:
            self._told = time.monotonic()
            tell(self._campaign)


def tallies(campaign: Campaign) -> dict[str, int]:
    """Its messages, by state."""
    rows = campaign.messages.order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in rows}


def handed_over(campaign: Campaign) -> int:
    """How many of its messages wait no more, whatever became of them."""
    return int(campaign.messages.exclude(state__in=Message.CLAIMABLE).count())


def pace(campaign: Campaign) -> tuple[int, int | None]:
    """How many of its messages leave within a second, and in how many seconds the last will; None: nobody can tell."""
    rate = _rate(campaign)
    left = round((campaign.total - campaign.done) / rate) if rate and campaign.total > campaign.done else None
    return round(rate), left


def about(campaign: Campaign) -> dict[str, Any]:
    """What is needed to draw it."""
    rate, left = pace(campaign)
    return {
        "id": str(campaign.pk),
        "state": campaign.state,
        "done": campaign.done,
        "total": campaign.total,
        "rate": rate,
        "seconds_left": left,
        "waits_for": campaign.waits_for,
        "messages": tallies(campaign) if campaign.confirmed_at else {},
    }


def tell(campaign: Campaign) -> None:
    """Push it; a page that hears nothing asks by itself."""
    try:
        for person in filter(None, {campaign.created_by_id, campaign.confirmed_by_id}):
            gateway.send_user(person, "sms.campaign", about(campaign))
    except Exception as problem:  # noqa: BLE001 (a push is a courtesy: the work must not fail for it)
        log.debug("sms.progress_not_pushed", campaign=str(campaign.pk), problem=type(problem).__name__)


def _rate(campaign: Campaign) -> float:
    if campaign.confirmed_at is None or campaign.finished_at is not None:
        return 0.0
    return campaign.done / max(1.0, (timezone.now() - campaign.confirmed_at).total_seconds())
