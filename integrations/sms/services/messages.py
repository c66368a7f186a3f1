"""Text messages are asked for, cancelled, and asked for once more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.sms import phones, routing, sealing, segments
from integrations.sms.errors import BadParameters, NotInThisState, UnknownTemplate
from integrations.sms.models import Message, Provider, Template
from integrations.sms.models.templates import filled
from integrations.sms.shield import budget
from project.core import audit, jobs

AT_ONCE = 500
"""Rows written with one statement."""
LONGEST_PARAMETER = 200


@dataclass(frozen=True)
class Request:
    """One message of many: to whom, and what is said to them alone."""

    phone: str
    parameters: Mapping[str, str]
    language: str
    person_id: int | None = None
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)


def enqueue(
    *,
    phone: str,
    template: str,
    parameters: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    language: str,
    purpose: str,
    person: Any = None,
    asked_by: Any = None,
    expires_at: datetime | None = None,
    only: Provider | None = None,
) -> Message:
    """Ask for one message, in the caller's transaction; a worker sends it once that is through.

    :param phone: in E.164, as `phones.parse` returns it.
    :param template: a template's key.
    :param parameters: what the text shows; staff may read it.
    :param secret: more of it, which nobody may read: kept sealed, and no longer than the message waits.
    :param purpose: "login", "reset", "notice", …: for limits and lists.
    :param expires_at: it is never sent later than this.
    :param only: no other provider may carry it, and this one may although it is switched off: to try it out.
    :raises UnknownTemplate: when there is none of this key in use.
    :raises BadParameters: when the template asks for others.
    :raises BudgetSpent: when today's money is not enough for it.
    """
    request = Request(phone, parameters, language, person.pk if person is not None else None, secret or {})
    writer = Writer(template, purpose=purpose, asked_by=asked_by, expires_at=expires_at)
    message = writer.message(request)
    if only is not None:
        message.provider, message.pinned = only, True
    with budget.paying():
        message.save(force_insert=True)
    jobs.wake(message)
    return message


def enqueue_many(
    requests: Iterable[Request],
    *,
    template: str,
    purpose: str,
    asked_by: Any = None,
    expires_at: datetime | None = None,
    **fields: Any,
) -> Iterator[list[Message]]:
    """Ask for many messages; yields each batch of rows once it is written, so that the caller decides what is one
    transaction. `requests` is read as it goes: memory does not grow with their number.

    Nobody asks what is left of today's money: `budget.paying` does. Nothing is woken: call `wake_many` at the end, or let the sweep find them.

    :param fields: further columns of every row.
    :raises UnknownTemplate: :raises BadParameters: as `enqueue`.
    """
    writer = Writer(template, purpose=purpose, asked_by=asked_by, expires_at=expires_at, **fields)
    waiting = iter(requests)
    while batch := [writer.message(one) for one in islice(waiting, AT_ONCE)]:
        yield Message.objects.bulk_create(batch)


def cancel(message: Message, *, by: Any, reason: str = "") -> Message:
    """Do not send a message that still waits.

    :raises NotInThisState: when it is on its way already.
    """
    with transaction.atomic():
        if message.state != Message.State.PENDING or not message.move(Message.State.CANCELLED):
            raise NotInThisState(state=_fresh(message).get_state_display())
        audit.record("sms.cancelled", message, actor=by, reason=reason)
    return message


def send_again(message: Message, *, by: Any, reason: str = "") -> Message:
    """Let a message that did not arrive, or may not have, be sent once more; the one way an unknown one is.

    :raises NotInThisState: when it waits, is on its way or has arrived, or when it held a secret, which is gone.
    :raises BudgetSpent: when today's money is not enough for it.
    """
    before = message.state
    with transaction.atomic(), budget.paying():
        if message.secret_names:
            raise NotInThisState(_("Its code is gone: ask for a new one instead of sending this message again."))
        fields = {"expires_at": None, "error": "", "error_code": "", "remote_id": "", "look_at": None, "looks": 0}
        if not message.can_be_sent_again or not message.move(Message.State.PENDING, **fields):
            raise NotInThisState(state=_fresh(message).get_state_display())
        audit.record("sms.sent_again", message, actor=by, reason=reason, was=before)
        jobs.wake(message)
    return message


def _fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


class Writer:
    """Makes rows of one template, unsaved; reads what they have in common once."""

    def __init__(self, template: str, *, asked_by: Any, **fields: Any) -> None:
        found = Template.objects.named(template)
        if found is None:
            raise UnknownTemplate(template)
        self._template, self._places = found, found.places
        self._texts: dict[str, str] = {}
        self._first: dict[int, Provider | None] = {}
        self._fields = fields | {"created_by": asked_by, "currency": settings.SMS_CURRENCY}

    def message(self, request: Request) -> Message:
        said = {**request.parameters, **request.secret}
        self._check(said)
        prefix = phones.prefix_of(request.phone)
        first = self._carrier(prefix)
        parts = segments.count(filled(self._text(request.language), said), prefix, first.sign_name if first else "")
        return Message(
            phone=request.phone,
            prefix=prefix,
            template=self._template,
            parameters=dict(request.parameters),
            secret=sealing.close(sealing.SECRETS, request.secret),
            secret_names=sorted(request.secret),
            language=request.language,
            person_id=request.person_id,
            segments=parts,
            cost=first.cost_per_segment * parts if first else Decimal(0),
            **self._fields,
        )

    def _check(self, said: Mapping[str, str]) -> None:
        wrong: dict[str, Any] = {name: [_("The text has a place for it.")] for name in self._places - said.keys()}
        wrong |= {name: [_("The text has no place for it.")] for name in said.keys() - self._places}
        for name, value in said.items():
            if name in self._places and not is_plain(value):
                wrong[name] = [_("Give one line of at most {n} characters.").format(n=LONGEST_PARAMETER)]
        if wrong:
            raise BadParameters(self._template.key, wrong)

    def _text(self, language: str) -> str:
        if language not in self._texts:
            self._texts[language] = self._template.text_in(language)
        return self._texts[language]

    def _carrier(self, prefix: int) -> Provider | None:
        if prefix not in self._first:
            self._first[prefix] = next(iter(routing.route(prefix)), None)
        return self._first[prefix]


def is_plain(value: Any) -> bool:
    """Tell whether a parameter may have this value: one line, not too long."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_PARAMETER and value.isprintable()
