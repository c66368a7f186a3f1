"""Text messages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SmsConfig(AppConfig):
    """Text messages: their queue, the providers that carry them, and what became of each."""

    name = "integrations.sms"
    label = "sms"
    verbose_name = _("Messages")
