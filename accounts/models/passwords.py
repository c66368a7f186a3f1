"""How people come to a new password without the old one."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import LONGEST_PHONE
from project.core.jobs import Job


class PasswordRequest(Job):
    """Somebody said at the door that they forgot their password; a worker looks whether there is such a person.

    Written for every name alike, known or not. Written by accounts.passwords.asked and nothing else.
    """

    KEPT: ClassVar[timedelta] = timedelta(days=1)

    # in the form in which two spellings of one name are the same
    name = models.CharField(_("name given"), max_length=254)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)

    class Meta:
        verbose_name = _("forgotten password")
        verbose_name_plural = _("forgotten passwords")
        default_permissions = ()
        indexes = [
            models.Index(fields=["name", "created_at"], name="password_request_of_name"),
            models.Index(fields=["ip", "created_at"], name="password_request_from"),
        ]

    def __str__(self) -> str:
        return self.name


class PasswordLink(models.Model):
    """A link in a mail or text message with which one person may choose a password, once.

    Written by accounts.passwords.links. `phone` is the number it went to; empty for all others.
    """

    class Purpose(models.TextChoices):
        RESET = "reset", _("forgotten password")
        INVITATION = "invitation", _("invitation")

    KEPT: ClassVar[timedelta] = timedelta(days=1)

    # SHA-256 of what the mail says: the table lets nobody in
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="password_links", verbose_name=_("user")
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    # a link that went to an address, or a number, which is not theirs any more is void
    address = models.EmailField(_("mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=LONGEST_PHONE, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("password link")
        verbose_name_plural = _("password links")
        default_permissions = ()

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{self.user.username} · {self.purpose}"
