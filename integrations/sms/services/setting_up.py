"""Providers are set up, changed, switched on and off, and tried out."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.sms import examples, phones
from integrations.sms.models import Message, Provider, Template
from integrations.sms.services.messages import enqueue
from project.core import audit
from project.core.errors import InvalidParameters


def write_provider(provider: Provider, *, credentials: Mapping[str, str] | None = None, by: Any) -> Provider:
    """Save a provider, new or changed.

    :param credentials: those that are given anew; the others stay. None: all stay.
    """
    fresh = provider.pk is None
    with transaction.atomic():
        if credentials:
            provider.seal(_known(provider) | dict(credentials))
        # whoever changed something wants to know whether that helped
        provider.trouble_code = provider.trouble = ""
        provider.trouble_at = None
        provider.save()
        given = sorted(credentials or ())
        audit.record("sms_provider.created" if fresh else "sms_provider.changed", provider, actor=by, credentials=given)
    return provider


def switch_provider(provider: Provider, *, enabled: bool, by: Any, reason: str = "") -> Provider:
    """Let a provider carry messages, or no longer."""
    with transaction.atomic():
        Provider.objects.filter(pk=provider.pk).update(enabled=enabled)
        provider.enabled = enabled
        event = "sms_provider.switched_on" if enabled else "sms_provider.switched_off"
        audit.record(event, provider, actor=by, reason=reason)
    return provider


def delete_provider(provider: Provider, *, by: Any) -> None:
    """Delete a provider; the messages that it carried stay."""
    with transaction.atomic():
        audit.record("sms_provider.deleted", provider, actor=by)
        provider.delete()


def send_test(provider: Provider, *, template: Template, by: Any, reason: str = "") -> Message:
    """Send a template with example values to one's own number, through this provider and no other.

    :raises InvalidParameters: when whoever asks has no number.
    """
    if not getattr(by, "phone", None):
        raise InvalidParameters(fields={"phone": [_("Your account has no phone number to write to.")]})
    with transaction.atomic():
        message = enqueue(
            phone=phones.parse(by.phone),
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


def _known(provider: Provider) -> dict[str, str]:
    return provider.credentials if provider.masked_credentials else {}
