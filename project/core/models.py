"""The core's own rows."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """One Idempotency-Key of one person on one address: running, or answered. See idempotency.py."""

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    """Of user, method, path and key."""
    user_id = models.BigIntegerField(_("user"))
    key = models.CharField(_("key"), max_length=255)
    route = models.CharField(_("route"), max_length=255)
    request_hash = models.CharField(_("request hash"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    """Empty while the first request runs."""
    body = models.JSONField(_("body"), null=True)
    location = models.CharField(_("location"), max_length=500, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    running_until = models.DateTimeField(_("running until"))
    """A request that died without an answer holds its key no longer than this."""

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")

    def __str__(self) -> str:
        return f"{self.key} {self.route}"
