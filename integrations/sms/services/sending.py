"""A worker sends a claimed message: by the first provider that takes it.

An attempt is a row before its call begins. Whoever finds one without an end knows that its worker died over it, and asks
the provider before sending anything twice.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.sms import alarms, breakers, sealing
from integrations.sms.directory import Directory
from integrations.sms.errors import NoProvider, SecretLost, SendFailed
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.models.templates import filled
from integrations.sms.providers import Accepted, Client, NotSent, Outgoing, Verdict
from integrations.sms.services import following, interrupted
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
STARTS_WITHIN = timedelta(seconds=10)
"""A lease holds for the calls that begin so soon after it was taken; whoever is later renews it first."""
ENDS = frozenset({Verdict.MESSAGE, Verdict.NO_ANSWER})
"""After these no other provider is asked."""


class Problem(NamedTuple):
    """Why a provider did not take it."""

    verdict: Verdict | None
    """None: it was not even asked."""
    code: str
    text: str


class Begun(NamedTuple):
    """A try that is written down, and the call that is to be made for it."""

    message: Message
    provider: Provider
    client: Client
    outgoing: Outgoing
    attempt: Attempt


def deliver(message: Message, directory: Directory | None = None) -> None:
    """Send a claimed message.

    :param directory: one that was read for several messages.
    :raises SendFailed: when it is to be tried again later.
    :raises NoProvider: likewise, since nobody may carry it.
    :raises Later: when nobody could be asked at present.
    """
    if message.state == Message.State.SENDING and interrupted.has_left(message):
        return
    if message.has_expired():
        _move(message, Message.State.EXPIRED)
        return
    many, directory = directory is not None, directory or Directory()
    _offer(message, directory.carriers_of(message), [], directory, many=many)


def go_on(begun: Begun, problem: Exception, directory: Directory) -> None:
    """Do what follows for one of many whose first call ended with `problem`.

    :raises SendFailed: :raises Later: as `deliver`.
    """
    found = _failed(begun, problem)
    if found is None:
        return
    others = [one for one in directory.carriers_of(begun.message) if one.pk != begun.provider.pk]
    _offer(begun.message, others, [found], directory, many=True)


def call(begun: Begun) -> Accepted:
    """Hand it over, watched by the provider's breaker.

    :raises LeaseLost: when it waited for so long that somebody else has it.
    :raises NotSent: and whatever else the SDK raises.
    """
    if timezone.now() > begun.attempt.started_at + STARTS_WITHIN:
        _renew(begun)
    return breakers.breaker_of(begun.provider).call(begun.client.send, begun.outgoing)


def compose(message: Message, provider: Provider, directory: Directory) -> tuple[Client, Outgoing]:
    """Say what this provider is to be handed, but for the reference.

    :raises NotSent: when our account there is not in order.
    :raises SecretLost: when what it says cannot be opened any more.
    """
    client = directory.client_of(provider)
    parameters = {**message.parameters, **_secrets(message)}
    template, code = directory.template_of(message), directory.code_of(message, provider)
    if client.needs_code and code is None:
        text = f"No id of the template {template.key} in {message.language}."
        raise NotSent(Verdict.ACCOUNT, "no_template_id", text)
    return client, Outgoing(
        phone=message.phone,
        reference="",
        sign_name=(code.sign_name if code else "") or provider.sign_name,
        code=code.code if code else "",
        parameters=parameters,
        order=code.order if code else (),
        text=filled(template.text_in(message.language), parameters),
    )


def attempt_of(message: Message, provider: Provider, before: Sequence[str]) -> Attempt:
    """A try that begins now, unsaved.

    :param before: what came of those before it.
    """
    return Attempt(
        message=message,
        number=message.tried,
        provider=provider,
        provider_key=provider.key,
        cost=provider.cost_per_segment * message.segments,
        repeats=not Attempt.MAY_HAVE_ARRIVED.isdisjoint(before),
    )


def _offer(
    message: Message, carriers: Sequence[Provider], problems: list[Problem], directory: Directory, *, many: bool
) -> None:
    """Hand it to one after the other until that is settled."""
    for provider in carriers:
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
        client, outgoing = compose(message, provider, directory)
    except NotSent as problem:
        alarms.account_trouble(provider, problem.code, problem.text)
        return Problem(problem.verdict, problem.code, problem.text)
    if not breakers.may_be_asked(provider):
        return Problem(None, "open", str(Open(name=provider.name)))
    attempt = _begin(message, provider)
    begun = Begun(message, provider, client, outgoing.named(attempt.reference), attempt)
    give_way()
    try:
        accepted = call(begun)
    except Exception as problem:  # noqa: BLE001 (whatever a vendor's SDK did: the message may have gone out)
        return _failed(begun, problem)
    _accepted(begun, accepted)
    return None


def _secrets(message: Message) -> dict[str, str]:
    try:
        return message.secrets
    except sealing.Unreadable:
        raise SecretLost from None


def _begin(message: Message, provider: Provider) -> Attempt:
    """Write the attempt down before anything leaves the house."""
    before = list(message.tries.values_list("outcome", flat=True)) if message.tried else []
    with turn(), transaction.atomic():
        _move(message, Message.State.SENDING, provider=provider, tried=message.tried + 1)
        attempt = attempt_of(message, provider, before)
        attempt.save(force_insert=True)
    return attempt


def _renew(begun: Begun) -> None:
    """It stood in line behind slow calls: its time begins now, if it is still ours."""
    now = timezone.now()
    with turn(), transaction.atomic():
        _move(begun.message, Message.State.SENDING, lease_until=now + timedelta(seconds=Message.LEASE_SECONDS))
        Attempt.objects.filter(pk=begun.attempt.pk).update(started_at=now)
    begun.attempt.started_at = now
    give_way()


def _accepted(begun: Begun, accepted: Accepted) -> None:
    provider = begun.provider
    _end_and_move(
        begun,
        Attempt.Outcome.ACCEPTED,
        {"remote_id": accepted.remote_id, "request_id": accepted.request_id},
        Message.State.SENT,
        remote_id=accepted.remote_id,
        sent_at=timezone.now(),
        cost=begun.attempt.cost,
        look_at=following.first_look(provider, begun.client, timezone.now()),
        error="",
        error_code="",
    )
    breakers.it_took(provider)


def _failed(begun: Begun, problem: Exception) -> Problem | None:
    """Write down what came of a call that ended with `problem`; None when that settled it."""
    message, provider = begun.message, begun.provider
    match problem:
        case jobs.LeaseLost():
            raise problem
        case Open() | Busy():  # another worker was faster: nothing was sent
            begun.attempt.delete()
            return Problem(None, "busy", str(problem))
        case NotSent():
            known = problem
        case _:
            # without its traceback: an SDK's errors tell the URL, in which there are codes
            log.warning("sms.sdk_failed", id=str(message.pk), provider=provider.key, kind=type(problem).__name__)
            known = NotSent(Verdict.NO_ANSWER, type(problem).__name__)
    breakers.it_failed(provider)
    return _not_sent(begun, known)


def _not_sent(begun: Begun, problem: NotSent) -> Problem | None:
    message, provider = begun.message, begun.provider
    end = {"error_code": problem.code, "error": problem.text, "request_id": problem.request_id}
    told: dict[str, Any] = {"error_code": problem.code, "error": problem.text}
    match problem.verdict:
        case Verdict.NO_ANSWER:
            now = timezone.now()
            told |= {"sent_at": now, "look_at": now + following.LOOKS[0]}
            told |= {"cost": begun.attempt.cost}
            _end_and_move(begun, Attempt.Outcome.UNKNOWN, end, Message.State.UNKNOWN, **told)
        case Verdict.MESSAGE:
            _end_and_move(begun, Attempt.Outcome.REFUSED, end, Message.State.FAILED, **told)
        case Verdict.ACCOUNT:
            with transaction.atomic():
                begun.attempt.end(Attempt.Outcome.REFUSED, **end)
                alarms.account_trouble(provider, problem.code, problem.text)
        case _:
            begun.attempt.end(Attempt.Outcome.TRY_AGAIN, **end)
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


def _end_and_move(begun: Begun, outcome: str, end: dict[str, Any], state: str, **fields: Any) -> None:
    """What came of the attempt is kept also where somebody else has the message by now: they learn of it from that."""
    with turn(), transaction.atomic():
        begun.attempt.end(outcome, **end)
        moved = begun.message.move(state, **fields)
    if not moved:
        raise jobs.LeaseLost


def _move(message: Message, state: str, **fields: Any) -> None:
    if not message.move(state, **fields):
        raise jobs.LeaseLost
