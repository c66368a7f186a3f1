"""What the worker does with text messages."""

from celery import shared_task
from django.conf import settings
from django.utils import translation

from integrations.sms import campaigns, codes, services
from integrations.sms.models import Campaign, Message, VerificationCode
from integrations.sms.shield import budget, refusals, watch
from project.core import jobs
from project.core.errors import GatehouseError


@jobs.worker(Message)
def send_message(message: Message) -> None:
    """Send one message."""
    services.deliver(message)


@shared_task(name="sms.drain")
def drain() -> int:
    """Send all that waits, several at a time; return how many."""
    return services.drain()


@shared_task(name="sms.purge")
def purge() -> int:
    """Forget old messages and campaigns; return how many."""
    return services.purge() + campaigns.purge()


@shared_task(name="sms.look")
def look() -> int:
    """End messages whose time is over, and ask what became of those that left; return of how many there was news."""
    return services.expire() + services.look()


@jobs.worker(VerificationCode)
def answer_for_code(wanted: VerificationCode) -> None:
    """Send a code to whoever is meant, if there is such a person."""
    codes.answer(wanted)


@shared_task(name="sms.watch")
def watch_shield() -> int:
    """Tell staff of a budget that is spent or nearly, and of countries where hardly any codes are used; return how many
    countries there are."""
    budget.look()
    return watch.look()


@shared_task(name="sms.forget_codes")
def forget_codes() -> int:
    """Forget codes and refusals of long ago; return how many."""
    return codes.purge() + refusals.purge()


@jobs.worker(Campaign)
def work_on_campaign(campaign: Campaign) -> None:
    """Count whom a campaign is for, or send it."""
    with translation.override(campaign.language or settings.LANGUAGE_CODE):
        try:
            if campaign.state == Campaign.State.SENDING:
                campaigns.send(campaign)
            else:
                campaigns.count(campaign)
        except GatehouseError as problem:
            if problem.retry:
                raise
            campaigns.fail(campaign, problem)
