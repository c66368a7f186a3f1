"""Providers are asked what became of the messages that left by them, where they do not call back, or not in time.

Some keep a queue of receipts, of which a hundred are taken with one question. Others are asked about one message at a time:
so often in one go, for so long, and no more in this go once they do not answer.
"""

import time
from datetime import datetime

import structlog
from django.utils import timezone

from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers import Client, NotSent, Verdict, client_of
from integrations.sms.services.following import LOOKS, take, take_one

log = structlog.get_logger(__name__)
AT_ONCE = 200
"""Questions about single messages that one provider is asked in one go."""
MOST_PULLED = 2_000
"""Receipts taken from one provider's queue in one go."""
SECONDS = 15.0
"""All of one go; the next begins 20 s after this one did."""
BY_NUMBER_FROM = 3
"""From this look on a message of which the queue said nothing is asked about by itself: what is taken out of a queue and then
lost, with the process that took it, is in no queue any more."""


def look() -> int:
    """Ask about the messages whose time it is; return of how many there was news."""
    due = Message.objects.filter(look_at__lte=timezone.now())
    due.filter(provider=None).update(look_at=None)  # the account is gone: there is nobody to ask
    providers = list(Provider.objects.filter(pk__in=due.order_by().values("provider").distinct()))
    return sum(_Round(one, SECONDS / len(providers)).run() for one in providers)


def client_to_ask(provider: Provider | None) -> Client | None:
    """Return what asks this provider; None when it cannot be asked."""
    if provider is None:
        return None
    try:
        client = client_of(provider)
    except NotSent:
        return None
    return client if client.can_be_asked else None


class _Round:
    """One go at one provider."""

    def __init__(self, provider: Provider, seconds: float) -> None:
        self._provider, self._now = provider, timezone.now()
        self._until = time.monotonic() + seconds
        self._due = Message.objects.filter(provider=provider, look_at__lte=self._now)

    def run(self) -> int:
        """Ask; return of how many messages there was news."""
        try:
            client = client_of(self._provider)
        except NotSent as problem:  # until somebody mends the account
            log.warning("sms.not_asked", provider=self._provider.key, code=problem.code)
            return 0
        if not client.can_be_asked:
            self._due.update(look_at=None)
            return 0
        news = self._pull(client) if client.pulled_at_once else 0
        return news + self._ask_about_each(client)

    def _pull(self, client: Client) -> int:
        """Empty the queue; those that are young and not in it have no receipt yet."""
        news = 0
        for _page in range(MOST_PULLED // client.pulled_at_once):
            try:
                told = client.pull()
            except NotSent as problem:  # it has none for us: each is asked about by itself
                log.info("sms.nothing_pulled", provider=self._provider.key, code=problem.code)
                return news
            # an account may stand here twice, for two sign names: its queue is one
            news += take(self._provider, told, of_its_kind=True)
            if len(told) < client.pulled_at_once:
                break
        for looks in range(BY_NUMBER_FROM):
            self._due.filter(looks=looks).update(looks=looks + 1, look_at=self._now + LOOKS[looks + 1])
        return news

    def _ask_about_each(self, client: Client) -> int:
        news = 0
        for message in self._next():
            if time.monotonic() > self._until:
                break
            try:
                news += self._ask(client, message)
            except NotSent as problem:
                log.warning("sms.not_asked", provider=self._provider.key, id=str(message.pk), code=problem.code)
                if problem.verdict is not Verdict.MESSAGE:  # it would say so of the others too
                    break
        return news

    def _next(self) -> list[Message]:
        """Those that somebody waits for first: a campaign has thousands."""
        alone = list(self._due.filter(campaign=None).order_by("look_at")[:AT_ONCE])
        return alone + list(self._due.exclude(campaign=None).order_by("look_at")[: AT_ONCE - len(alone)])

    def _ask(self, client: Client, message: Message) -> bool:
        ours = Message.objects.filter(pk=message.pk, look_at=message.look_at, looks=message.looks)
        if not ours.update(look_at=self._again_after(message), looks=message.looks + 1):
            return False  # another worker asks about it, or its receipt came
        may_have_arrived = message.tries.filter(provider=self._provider, outcome__in=Attempt.MAY_HAVE_ARRIVED)
        attempt = may_have_arrived.select_related("provider").last()
        if attempt is None:
            Message.objects.filter(pk=message.pk).update(look_at=None)
            return False
        found = client.find(
            phone=message.phone,
            sent_at=attempt.started_at,
            reference=attempt.reference,
            remote_id=attempt.remote_id,
        )
        return found is not None and take_one(attempt, found)

    def _again_after(self, message: Message) -> datetime | None:
        return self._now + LOOKS[message.looks + 1] if message.looks + 1 < len(LOOKS) else None
