"""Providers are tried out: whether they know us, and with a message to one's own telephone."""

import uuid
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.sms import examples, people
from integrations.sms.models import Message, Provider, Template
from integrations.sms.providers import NotSent, client_of
from integrations.sms.services.messages import enqueue
from project.core import audit
from project.core.errors import InvalidParameters

NOBODYS = "+8613800000000"


class Checked(NamedTuple):
    """What came of asking a provider whether it knows us."""

    ok: bool
    code: str = ""
    """The provider's own, or one of ours."""
    text: str = ""
    """The provider's own words."""


def check_provider(provider: Provider) -> Checked:
    """Ask a provider for a message that never was; nothing is sent, and nothing changes.

    It shows that the provider is reached and takes our credentials, not that sign name and templates are approved there.
    """
    try:
        client = client_of(provider)
        if client.can_be_asked:
            client.find(phone=NOBODYS, sent_at=timezone.now(), reference=f"check-{uuid.uuid4()}")
    except NotSent as problem:
        return Checked(ok=False, code=problem.code, text=problem.text)
    return Checked(ok=True)


def send_test(provider: Provider, *, template: Template, by: Any, reason: str = "") -> Message:
    """Send a template with example values to one's own number, through this provider and no other.

    :raises InvalidParameters: when whoever asks has no number.
    """
    number = people.number_of(by)
    if not number:
        raise InvalidParameters(fields={"phone": [_("Your account has no phone number to write to.")]})
    with transaction.atomic():
        message = enqueue(
            phone=number,
            template=template.key,
            parameters=examples.of(template.places),
            language=by.language or settings.LANGUAGE_CODE,
            purpose="test",
            person=by,
            asked_by=by,
            only=provider,
        )
        audit.record("sms_provider.tried", provider, actor=by, reason=reason, message=str(message.pk))
    return message
