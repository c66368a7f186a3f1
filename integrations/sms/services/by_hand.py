"""Staff and programs send a single message."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from integrations.sms import people, phones
from integrations.sms.errors import NoPhone, UnknownTemplate
from integrations.sms.models import Message, Template
from integrations.sms.services.messages import enqueue
from integrations.sms.shield import budget
from integrations.sms.shield.errors import BudgetSpent
from project.core import audit

PURPOSE = "manual"


def send_by_hand(
    *,
    template: str,
    parameters: Mapping[str, str],
    by: Any,
    phone: str = "",
    person: Any = None,
    language: str = "",
) -> Message:
    """Ask for a message to a number, or to a person's own; the trail says who did.

    :param phone: as people write it; empty: that of `person`, whom `by` reaches.
    :raises NotAPhoneNumber: :raises NoPhone: when there is no number to write to.
    :raises OutOfReach: for a number of nobody whom `by` reaches, unless they may write to any.
    :raises UnknownTemplate: also for templates that are not for hands, such as that of codes.
    :raises BadParameters: when the template asks for others.
    :raises BudgetSpent: until midnight, when the day's budget is.
    """
    budget.ensure_left()
    try:
        return _send(template, parameters, by=by, phone=phone, person=person, language=language)
    except BudgetSpent:
        budget.tell_spent()
        raise


def _send(template: str, parameters: Mapping[str, str], *, by: Any, phone: str, person: Any, language: str) -> Message:
    known = Template.objects.named(template)
    if known is None or not known.by_hand:
        raise UnknownTemplate(template)
    if phone:
        number = phones.parse(phone)
        person = people.whose(number, by=by)
    else:
        number = _number_of(person)
    with transaction.atomic():
        message = enqueue(
            phone=number,
            template=template,
            parameters=parameters,
            language=language or people.language_of(person),
            purpose=PURPOSE,
            person=person,
            asked_by=by,
        )
        audit.record("sms.asked", message, actor=by, template=template)
    return message


def _number_of(person: Any) -> str:
    number = people.number_of(person) if person is not None else ""
    if not number:
        raise NoPhone
    return number
