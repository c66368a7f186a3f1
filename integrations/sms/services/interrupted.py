"""A message whose worker died over it: did it leave?"""

from datetime import timedelta

from django.utils import timezone

from integrations.sms.models import Attempt, Message
from integrations.sms.providers import NotSent
from integrations.sms.services import polling
from project.core import jobs

SETTLED_AFTER = timedelta(seconds=20)
"""How long after a worker's death what a provider says it never got is believed."""
ASKED_AGAIN_SECONDS = 5.0


def has_left(message: Message) -> bool:
    """Did it leave? Then that is written down, and it is not sent again.

    :raises Later: while the provider cannot be asked, or it is too early to believe it.
    :raises LeaseLost: when somebody else has it.
    """
    attempt = message.tries.select_related("provider").last()
    if attempt is None:
        return False
    match attempt.outcome:
        case Attempt.Outcome.OPEN:
            return _asked_about(message, attempt)
        case Attempt.Outcome.ACCEPTED:
            _adopt(message, attempt, attempt.remote_id)
            return True
        case Attempt.Outcome.UNKNOWN:
            _move(message, Message.State.UNKNOWN, attempt)
            return True
    return False


def _asked_about(message: Message, attempt: Attempt) -> bool:
    client = polling.client_to_ask(attempt.provider)
    if client is None:
        attempt.end(Attempt.Outcome.INTERRUPTED)
        return False
    early = attempt.started_at + SETTLED_AFTER - timezone.now()
    if early > timedelta(0):
        raise jobs.Later(early.total_seconds())
    try:
        found = client.find(phone=message.phone, sent_at=attempt.started_at, reference=attempt.reference)
    except NotSent as problem:
        raise jobs.Later(ASKED_AGAIN_SECONDS) from problem
    if found is None:
        attempt.end(Attempt.Outcome.NEVER_ARRIVED if client.knows_at_once else Attempt.Outcome.INTERRUPTED)
        return False
    _adopt(message, attempt, found.remote_id)
    return True


def _adopt(message: Message, attempt: Attempt, remote_id: str) -> None:
    """It is sent; its receipt, if there is one already, is read with the next look."""
    attempt.end(Attempt.Outcome.ACCEPTED, remote_id=remote_id)
    _move(message, Message.State.SENT, attempt, remote_id=remote_id)


def _move(message: Message, state: str, attempt: Attempt, **fields: str) -> None:
    if not message.move(state, sent_at=attempt.started_at, look_at=timezone.now(), **fields):
        raise jobs.LeaseLost
