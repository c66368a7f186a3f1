"""A worker sends a claimed message: by the first provider that takes it.

An attempt is a row before its call begins. Whoever finds one without an end knows that its worker died over it, and asks
the provider before sending anything twice.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.sms import alarms, routing, sealing
from integrations.sms.directory import Directory
from integrations.sms.errors import NoProvider, SecretLost, SendFailed
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.models.templates import filled
from integrations.sms.providers import Accepted, Client, NotSent, Outgoing, Verdict
from integrations.sms.services import following
from integrations.sms.turns import give_way, turn
from project.core import jobs
from project.core.breaker import Busy, Open

log = structlog.get_logger(__name__)
LEFT_ALONE_SECONDS = 5.0
"""When a message is looked at again whose providers are all left alone by their breakers."""
MANY_WAIT = 6
"""One of many is looked at so many times more seldom."""
SPENT_SECONDS = 300.0
"""Likewise one whose providers have sent their daily quota; it waits for tomorrow."""
SETTLED_AFTER = timedelta(seconds=20)
"""How long after a worker's death what a provider says it never got is believed."""
ENDS = frozenset({Verdict.MESSAGE, Verdict.NO_ANSWER})
"""After these no other provider is asked."""


class Problem(NamedTuple):
    """Why a provider did not take it."""

    verdict: Verdict | None
    """None: it was not even asked."""
    code: str
    text: str


def deliver(message: Message, directory: Directory | None = None) -> None:
    """Send a claimed message.

    :param directory: one that was read for several messages.
    :raises SendFailed: when it is to be tried again later.
    :raises NoProvider: likewise, since nobody may carry it.
    :raises Later: when nobody could be asked at present.
    """
    if message.state == Message.State.SENDING and _left(message):
        return
    if message.has_expired():
        _move(message, Message.State.EXPIRED)
        return
    many, directory = directory is not None, directory or Directory()
    problems: list[Problem] = []
    for provider in directory.carriers_of(message):
        try:
            problem = _try(message, provider, directory)
        except SecretLost as lost:
            _move(message, Message.State.FAILED, error_code="secret_key", error=str(lost))
            return
        if problem is None:
            return
        problems.append(problem)
    if not problems and (spent := directory.spent_for(message)):
        _wait_for_tomorrow(spent)
    _nobody_took(message, problems, many=many)


def _try(message: Message, provider: Provider, directory: Directory) -> Problem | None:
    """Hand it to one provider; None when that settled it, either way."""
    try:
        client = directory.client_of(provider)
        outgoing = _compose(message, provider, client, directory)
    except NotSent as problem:
        alarms.account_trouble(provider, problem.code, problem.text)
        return Problem(problem.verdict, problem.code, problem.text)
    guard = routing.breaker_of(provider)
    if guard.state == "open":
        return Problem(None, "open", str(Open(name=provider.name)))
    attempt = _begin(message, provider)
    give_way()
    try:
        accepted = guard.call(client.send, _named(outgoing, attempt))
    except NotSent as problem:
        return _not_sent(message, attempt, provider, problem)
    except (Open, Busy) as problem:  # another worker was faster: nothing was sent
        attempt.delete()
        return Problem(None, "busy", str(problem))
    except Exception as problem:  # noqa: BLE001 (whatever a vendor's SDK did: the message may have gone out)
        # without its traceback: an SDK's errors tell the URL, in which there are codes
        log.warning("sms.sdk_failed", id=str(message.pk), provider=provider.key, kind=type(problem).__name__)
        return _not_sent(message, attempt, provider, NotSent(Verdict.NO_ANSWER, type(problem).__name__))
    _accepted(message, attempt, provider, accepted, following.first_look(provider, client, timezone.now()))
    return None


def _compose(message: Message, provider: Provider, client: Client, directory: Directory) -> Outgoing:
    parameters = {**message.parameters, **_secrets(message)}
    template, code = directory.template_of(message), directory.code_of(message, provider)
    if client.needs_code and code is None:
        text = f"No id of the template {template.key} in {message.language}."
        raise NotSent(Verdict.ACCOUNT, "no_template_id", text)
    return Outgoing(
        phone=message.phone,
        reference="",
        sign_name=(code.sign_name if code else "") or provider.sign_name,
        code=code.code if code else "",
        parameters=parameters,
        order=code.order if code else (),
        text=filled(template.text_in(message.language), parameters),
    )


def _secrets(message: Message) -> dict[str, str]:
    try:
        return message.secrets
    except sealing.Unreadable:
        raise SecretLost from None


def _named(outgoing: Outgoing, attempt: Attempt) -> Outgoing:
    return Outgoing(**{**vars(outgoing), "reference": attempt.reference})


def _begin(message: Message, provider: Provider) -> Attempt:
    """Write the attempt down before anything leaves the house."""
    before = list(message.tries.values_list("outcome", flat=True)) if message.tried else []
    number = message.tried + 1
    with turn(), transaction.atomic():
        _move(message, Message.State.SENDING, provider=provider, tried=number)
        return Attempt.objects.create(
            message=message,
            number=number,
            provider=provider,
            provider_key=provider.key,
            repeats=not Attempt.MAY_HAVE_ARRIVED.isdisjoint(before),
        )


def _accepted(
    message: Message, attempt: Attempt, provider: Provider, accepted: Accepted, look_at: datetime | None
) -> None:
    _end_and_move(
        message,
        attempt,
        Attempt.Outcome.ACCEPTED,
        {"remote_id": accepted.remote_id, "request_id": accepted.request_id},
        Message.State.SENT,
        remote_id=accepted.remote_id,
        sent_at=timezone.now(),
        cost=provider.cost_per_segment * message.segments,
        look_at=look_at,
        error="",
        error_code="",
    )
    if provider.trouble_code:
        Provider.objects.filter(pk=provider.pk).update(trouble_code="", trouble="", trouble_at=None)


def _not_sent(message: Message, attempt: Attempt, provider: Provider, problem: NotSent) -> Problem | None:
    end = {"error_code": problem.code, "error": problem.text, "request_id": problem.request_id}
    told: dict[str, Any] = {"error_code": problem.code, "error": problem.text}
    match problem.verdict:
        case Verdict.NO_ANSWER:
            now = timezone.now()
            told |= {"sent_at": now, "look_at": now + following.LOOKS[0]}
            told |= {"cost": provider.cost_per_segment * message.segments}
            _end_and_move(message, attempt, Attempt.Outcome.UNKNOWN, end, Message.State.UNKNOWN, **told)
        case Verdict.MESSAGE:
            _end_and_move(message, attempt, Attempt.Outcome.REFUSED, end, Message.State.FAILED, **told)
        case Verdict.ACCOUNT:
            with transaction.atomic():
                _end(attempt, Attempt.Outcome.REFUSED, **end)
                alarms.account_trouble(provider, problem.code, problem.text)
        case _:
            _end(attempt, Attempt.Outcome.TRY_AGAIN, **end)
    log.warning(
        "sms.not_sent", id=str(message.pk), provider=provider.key, code=problem.code, verdict=problem.verdict.value
    )
    return None if problem.verdict in ENDS else Problem(problem.verdict, problem.code, problem.text)


def _wait_for_tomorrow(spent: list[Provider]) -> None:
    for provider in spent:
        alarms.account_trouble(provider, "daily_quota", f"{provider.daily_quota}")
    raise jobs.Later(SPENT_SECONDS, wake=False)


def _nobody_took(message: Message, problems: list[Problem], *, many: bool) -> None:
    verdicts = {one.verdict for one in problems}
    if not problems:
        raise NoProvider
    last = problems[-1]
    if verdicts & {Verdict.LATER, Verdict.NOT_REACHED}:
        _move(message, Message.State.PENDING, error_code=last.code)
        raise SendFailed("{text}", text=last.text or last.code)
    if None in verdicts:
        if message.state != Message.State.PENDING:
            _move(message, Message.State.PENDING)
        raise jobs.Later(LEFT_ALONE_SECONDS * (MANY_WAIT if many else 1), wake=not many)
    _move(message, Message.State.FAILED, error_code=last.code, error=last.text)


def _left(message: Message) -> bool:
    """After a worker's death over it: did the message leave? Then it is not sent again.

    :raises Later: while the provider cannot be asked, or it is too early to believe it.
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
            _move(message, Message.State.UNKNOWN, sent_at=attempt.started_at, look_at=timezone.now())
            return True
    return False


def _asked_about(message: Message, attempt: Attempt) -> bool:
    client = following.client_to_ask(attempt.provider)
    if client is None:
        _end(attempt, Attempt.Outcome.INTERRUPTED)
        return False
    early = attempt.started_at + SETTLED_AFTER - timezone.now()
    if early > timedelta(0):
        raise jobs.Later(early.total_seconds())
    try:
        found = client.find(phone=message.phone, sent_at=attempt.started_at, reference=attempt.reference)
    except NotSent as problem:
        raise jobs.Later(LEFT_ALONE_SECONDS) from problem
    if found is None:
        _end(attempt, Attempt.Outcome.NEVER_ARRIVED if client.knows_at_once else Attempt.Outcome.INTERRUPTED)
        return False
    _adopt(message, attempt, found.remote_id)
    return True


def _adopt(message: Message, attempt: Attempt, remote_id: str) -> None:
    """It is sent; its receipt, if there is one already, is read with the next look."""
    _end(attempt, Attempt.Outcome.ACCEPTED, remote_id=remote_id)
    now = timezone.now()
    _move(message, Message.State.SENT, remote_id=remote_id, sent_at=attempt.started_at, look_at=now)


def _end_and_move(
    message: Message, attempt: Attempt, outcome: str, end: dict[str, Any], state: str, **fields: Any
) -> None:
    """What came of the attempt is kept also where somebody else has the message by now: they learn of it from that."""
    with turn(), transaction.atomic():
        _end(attempt, outcome, **end)
        moved = message.move(state, **fields)
    if not moved:
        raise jobs.LeaseLost


def _end(attempt: Attempt, outcome: str, **fields: Any) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome, ended_at=timezone.now(), **fields)


def _move(message: Message, state: str, **fields: Any) -> None:
    if not message.move(state, **fields):
        raise jobs.LeaseLost
