"""Text messages."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SmsConfig(AppConfig):
    """Text messages: their queue, the providers that carry them, and what became of each."""

    name = "integrations.sms"
    label = "sms"
    verbose_name = _("Messages")

    def ready(self) -> None:
        """Let migrations hang the door of the shield."""
        from integrations.sms.shield import door  # noqa: PLC0415 (it imports models, which are ready now)

        post_migrate.connect(door.hang, sender=self)
