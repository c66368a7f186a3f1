"""What staff are told at once. Who is told, and how, is a function of the house: SMS_ALARM."""

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from project.core import audit

if TYPE_CHECKING:
    from integrations.sms.models import Message, Provider

log = structlog.get_logger(__name__)
TOLD_AGAIN_AFTER = timedelta(hours=1)
"""Trouble comes in hundreds of messages: staff are told of the first, the trail holds each."""


def message_given_up(message: "Message") -> None:
    """A message used up its attempts."""
    log.error("sms.given_up", id=str(message.pk), attempts=message.attempts, code=message.error_code)
    audit.record("sms.given_up", message, reason=message.error)
    given_up = type(message).objects.filter(state=message.State.DEAD)
    lately = given_up.filter(finished_at__gte=timezone.now() - TOLD_AGAIN_AFTER)
    if not lately.exclude(pk=message.pk).exists():
        _tell("sms_given_up", message=str(message), why=message.error)


def account_trouble(provider: "Provider", code: str, text: str) -> None:
    """A provider refuses us, not a message: our account, signature or template there is not in order."""
    log.error("sms.account_trouble", provider=provider.key, code=code, text=text)
    now = timezone.now()
    news = Q(trouble_at=None) | Q(trouble_at__lt=now - TOLD_AGAIN_AFTER) | ~Q(trouble_code=code)
    row = type(provider).objects.filter(news, pk=provider.pk)
    if row.update(trouble_code=code, trouble=text, trouble_at=now):
        audit.record("sms.account_trouble", provider, reason=f"{code} {text}".strip())
        _tell("sms_account_trouble", provider=str(provider), why=f"{code} {text}".strip())


def _tell(kind: str, **values: str) -> None:
    import_string(settings.SMS_ALARM)(kind, **values)
