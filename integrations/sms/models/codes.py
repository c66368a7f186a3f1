"""Codes that people type back, and what was asked for them."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.sms import phones
from integrations.sms.models.messages import Message
from project.core.jobs import Job


class VerificationCodeQuerySet(models.QuerySet["VerificationCode"]):
    def newest_of(self, phone: str, purpose: str, about: str) -> "VerificationCode | None":
        """The one that counts: a newer one voids those before it."""
        return self.filter(phone=phone, purpose=purpose, about=about).order_by("-created_at", "-pk").first()

    def since(self, moment: datetime) -> Self:
        return self.filter(created_at__gt=moment)

    def sent(self) -> Self:
        """Those a message went out for; the others were for numbers that nobody has."""
        return self.exclude(code_hash="")


class VerificationCode(Job):
    """Somebody asked for a code. A row is written for every number alike; a worker looks whether one is sent.

    Written by integrations.sms.codes and nothing else.
    """

    class Purpose(models.TextChoices):
        LOGIN = "login", pgettext_lazy("what a text message is for", "sign-in")
        BIND = "bind", pgettext_lazy("what a text message is for", "binding a phone")
        RESET = "reset", pgettext_lazy("what a text message is for", "forgotten password")
        CONFIRM = "confirm", pgettext_lazy("what a text message is for", "confirming a dangerous action")

    phone = models.CharField(_("phone"), max_length=20)
    # the calling code
    prefix = models.PositiveSmallIntegerField(_("country code"))
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    # what else it is bound to: the door, or the person
    about = models.CharField(max_length=40, blank=True, editable=False)
    # of whoever asked, for people who chose none
    language = models.CharField(_("language"), max_length=10, blank=True, editable=False)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    network = models.CharField(_("network"), max_length=50, blank=True)
    # keyed hash of what the device says of itself
    device = models.CharField(max_length=64, blank=True, editable=False)
    # keyed hash; empty until the code is on its way, and for ever where none is sent
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="verification_codes", verbose_name=_("message")
    )

    MAX_ATTEMPTS: ClassVar[int] = 5

    objects = VerificationCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("verification code")
        verbose_name_plural = _("verification codes")
        default_permissions = ()
        indexes = [
            models.Index(fields=["phone", "created_at"], name="sms_code_of_phone"),
            models.Index(fields=["ip", "created_at"], name="sms_code_from_address"),
            models.Index(fields=["network", "created_at"], name="sms_code_from_network"),
            models.Index(fields=["device", "created_at"], name="sms_code_of_device"),
            models.Index(fields=["prefix", "created_at"], name="sms_code_to_country"),
            models.Index(fields=["purpose", "created_at"], name="sms_code_of_purpose"),
        ]

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{phones.masked(self.phone)} · {self.purpose}"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()
