"""What the shield refused, and what it has cried out about."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.sms import phones
from integrations.sms.models.codes import VerificationCode


class Refusal(models.Model):
    """A code that was asked for and not sent. Written by integrations.sms.shield and nothing else."""

    class Limit(models.TextChoices):
        PHONE = "phone", _("too many for one phone")
        ADDRESS = "ip", _("too many from one address")
        NETWORK = "network", _("too many from one network")
        DEVICE = "device", _("too many from one device")
        COUNTRY = "prefix", _("too many to one country")
        PURPOSE = "purpose", _("too many for one purpose")
        NOT_SERVED = "not_served", _("country not served")
        BLOCKED = "blocked", _("number of a kind that is blocked")
        BUDGET = "budget", _("budget of the day spent")

    limit = models.CharField(_("limit"), max_length=20, choices=Limit.choices)
    # which of its rates: "5/h"
    rate = models.CharField(_("rate"), max_length=20, blank=True)
    phone = models.CharField(_("phone"), max_length=20)
    prefix = models.PositiveSmallIntegerField(_("country code"))
    purpose = models.CharField(_("purpose"), max_length=20, choices=VerificationCode.Purpose.choices)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    network = models.CharField(_("network"), max_length=50, blank=True)
    # who was signed in and asked, where somebody was
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    opens_at = models.DateTimeField(_("again from"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("refused text message")
        verbose_name_plural = _("refused text messages")
        ordering: ClassVar = ["-created_at", "-pk"]
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["limit", "created_at"], name="sms_refusal_of_limit"),
            models.Index(fields=["phone", "created_at"], name="sms_refusal_of_phone"),
        ]

    def __str__(self) -> str:
        return f"{phones.masked(self.phone)} · {self.limit}"


class ShieldAlarm(models.Model):
    """Staff were told of something today: it is told once a day, whichever node sees it first."""

    class Kind(models.TextChoices):
        BUDGET_NEAR = "budget_near", _("budget nearly spent")
        BUDGET_SPENT = "budget_spent", _("budget spent")
        CONVERSION = "conversion", _("few codes are used")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    # the country code, where it is about one
    about = models.CharField(_("about"), max_length=20, blank=True)
    day = models.DateField(_("day"))
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("alarm of text messages")
        verbose_name_plural = _("alarms of text messages")
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "about", "day"], name="sms_alarm_once_a_day")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.day}"


class ShieldDoor(models.Model):
    """One row: whoever asks for a code holds it while the limits are counted, so that nobody slips in between."""

    class Meta:
        verbose_name = _("door of text messages")
        verbose_name_plural = _("doors of text messages")
        default_permissions = ()

    def __str__(self) -> str:
        return "door"
