"""What is remembered of captchas: that a solution was used."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CaptchaUse(models.Model):
    """A solution that was taken: it is good once, on whatever node. Written by accounts.captcha and nothing else."""

    # SHA-256 of the challenge's signature
    challenge_hash = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=20, editable=False)
    # keyed hash of what it was about: a user name, a phone number
    about_hash = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("used"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("captcha")
        verbose_name_plural = _("captchas")
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["about_hash", "used_at"], name="captcha_about")]

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{self.purpose} · {self.challenge_hash[:8]}"
