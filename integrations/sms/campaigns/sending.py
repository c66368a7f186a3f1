"""From rows to messages, in batches: each batch is one transaction with the note that it was written."""

from collections.abc import Iterator
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.sms import people, services
from integrations.sms.campaigns.beginning import discard_source
from integrations.sms.campaigns.counting import ensure_may_send
from integrations.sms.campaigns.progress import Progress, handed_over, tell
from integrations.sms.models import Campaign, Message, Recipient
from integrations.sms.services.messages import AT_ONCE
from integrations.sms.shield import budget, door
from project.core import audit, jobs

LOOK_AGAIN_SECONDS = 2.0
"""When all is written: how often it is looked whether all has left."""
BUDGET_SECONDS = 300.0
"""How often a campaign that waits for money asks for it."""
BUDGET = "budget"


def send(campaign: Campaign) -> None:
    """Write the messages of a confirmed campaign, then follow them until none waits any more.

    :raises Later: while messages wait to be sent, or the campaign for money.
    :raises NoPermission: when who began it may not send any more.
    """
    ensure_may_send(campaign)
    progress = Progress(campaign)
    while batch := list(_waiting(campaign)[:AT_ONCE]):
        with door.held():  # nobody spends between the count and the rows
            affordable = _affordable(campaign, batch)
            if affordable:
                _write(campaign, affordable)
        if not affordable:
            _wait_for_money(campaign)
        progress.advance(handed_over(campaign))
    campaign.done = handed_over(campaign)
    progress.advance(campaign.done)
    if campaign.messages.filter(state__in=Message.CLAIMABLE).exists():
        services.wake_many()
        raise jobs.Later(LOOK_AGAIN_SECONDS)
    _finish(campaign)


def _waiting(campaign: Campaign) -> "QuerySet[Recipient]":
    return campaign.recipients.filter(queued=False, problem="").order_by("pk").select_related("person")


def _affordable(campaign: Campaign, batch: list[Recipient]) -> list[Recipient]:
    """As many of them as today's money is enough for: campaigns leave a fifth of it to codes."""
    limit = settings.SMS_DAILY_BUDGET
    if not limit or not campaign.good:
        return batch
    left = Decimal(limit) * budget.NEAR - budget.spent_today()
    each = campaign.cost / campaign.good
    return batch if not each else batch[: max(0, int(left / each))]


def _wait_for_money(campaign: Campaign) -> None:
    if campaign.waits_for != BUDGET:
        Campaign.objects.filter(pk=campaign.pk, worker=campaign.worker).update(waits_for=BUDGET)
        campaign.waits_for = BUDGET
        audit.record("sms_campaign.waits", campaign)
        tell(campaign)
    raise jobs.Later(BUDGET_SECONDS)


def _write(campaign: Campaign, batch: list[Recipient]) -> None:
    """Write one batch, and that it was written, in one transaction. Only whoever holds the campaign may.

    :raises LeaseLost: and the transaction with it, when it was stopped or is another worker's.
    """
    with transaction.atomic():
        # first of all: whoever stops it waits for this transaction, or this one finds that it was stopped
        mine = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.SENDING, worker=campaign.worker)
        if not mine.update(attempts=1, waits_for=""):  # progress is proof that the work is no poison
            raise jobs.LeaseLost
        campaign.waits_for = ""
        allowed = _still_allowed(campaign, batch)
        written = [message for many in _messages(campaign, allowed) for message in many]
        for recipient, message in zip(allowed, written, strict=True):
            recipient.message, recipient.queued = message, True
        Recipient.objects.bulk_update(batch, ["message", "queued", "problem"])
        services.wake_many()


def _messages(campaign: Campaign, allowed: list[Recipient]) -> Iterator[list[Message]]:
    requests = [
        services.Request(one.phone or "", one.parameters, one.language, one.person_id) for one in allowed
    ]  # fmt: skip
    return services.enqueue_many(
        requests,
        template=campaign.template.key,
        purpose="campaign",
        asked_by=campaign.created_by,
        campaign=campaign,
    )


def _still_allowed(campaign: Campaign, batch: list[Recipient]) -> list[Recipient]:
    """Those whom who began it reaches still, at the number they had; the others are told why not."""
    sender = campaign.created_by
    to_strangers = campaign.to_any_number and people.writes_to_any_number(sender)
    ids = {one.person_id for one in batch if one.person_id}
    reached = people.reached_by(sender).in_bulk(ids)
    allowed = []
    for one in batch:
        person = reached.get(one.person_id)
        if (person and people.number_of(person) == one.phone) or (one.person_id is None and to_strangers):
            allowed.append(one)
        else:
            one.problem = _("Nobody whom you reach, or somebody who is disabled.")
    return allowed


def _finish(campaign: Campaign) -> None:
    if campaign.move(Campaign.State.DONE):
        audit.record("sms_campaign.done", campaign, actor=campaign.confirmed_by, recipients=campaign.done)
        discard_source(campaign)
        tell(campaign)
