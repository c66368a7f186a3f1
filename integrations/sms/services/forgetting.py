"""Messages are forgotten: all after a time, and those to a person who is forgotten."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.sms import phones
from integrations.sms.models import Message, Recipient

BATCH = 1_000
MOST_BATCHES = 1_000
"""In one run; the next goes on."""
FORGOTTEN = "…"


def purge() -> int:
    """Delete messages older than SMS_DAYS, some at a time; return how many."""
    old = timezone.now() - timedelta(days=settings.SMS_DAYS)
    over = Message.objects.filter(created_at__lt=old).exclude(state__in=Message.CLAIMABLE)
    gone = 0
    for _batch in range(MOST_BATCHES):
        keys = list(over.order_by("created_at").values_list("pk", flat=True)[:BATCH])
        gone += Message.objects.filter(pk__in=keys).delete()[1].get(Message._meta.label, 0)
        if len(keys) < BATCH:
            break
    return gone


def forget(person: Any) -> int:
    """Forget number and words of all messages to a person; when and why there was one stays. Return how many."""
    theirs = Message.objects.filter(person=person)
    if person.phone:
        with suppress(phones.NotAPhoneNumber):  # an old number that nobody could be written to at
            theirs = theirs | Message.objects.filter(phone=phones.parse(str(person.phone)))
    _forget_recipient(person)
    theirs.filter(state=Message.State.PENDING).update(state=Message.State.CANCELLED, finished_at=timezone.now())
    return theirs.update(phone=FORGOTTEN, parameters={}, secret="", error="", look_at=None)


def _forget_recipient(person: Any) -> None:
    theirs = Recipient.objects.filter(person=person)
    theirs.filter(queued=False, problem="").update(problem=FORGOTTEN)  # nothing is sent to them any more
    theirs.update(phone=None, given=FORGOTTEN, parameters={})
