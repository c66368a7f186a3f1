"""Mails on their way to people."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from project.core.jobs import Job


class Mail(Job):
    """One mail to one person. Written by accounts.mails and nothing else."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        DONE = "done", _("sent")
        FAILED = "failed", _("failed")

    # a mail server may be away for a night: `good_until` ends it, not the count
    MAX_ATTEMPTS: ClassVar[int] = 1_000
    KEPT: ClassVar[timedelta] = timedelta(days=30)

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.QUEUED, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mails", verbose_name=_("user"))
    name = models.CharField(_("kind"), max_length=40)
    address = models.EmailField(_("mail address"))
    language = models.CharField(_("language"), max_length=10)
    # what the templates show, sealed: it may hold a link that lets somebody in. Emptied once the mail is sent
    values = models.TextField(blank=True, editable=False)
    good_until = models.DateTimeField(_("good until"))

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.name} · {self.user.username}"
