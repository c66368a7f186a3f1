"""What staff may be allowed to do at the gateway, and messages of its queues that could not be delivered.

Connections and nodes have no tables: they live in memory and in Redis.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Connection(models.Model):  # noqa: DJ008 (never an instance)
    """An open socket, for the admin and its permissions."""

    class Meta:
        managed = False
        default_permissions = ("view", "change")
        permissions = [
            ("send", _("Can send messages to sockets")),
            ("disconnect", _("Can disconnect sockets")),
            ("tap", _("Can watch the frames of sockets")),
        ]
        verbose_name = _("connection")
        verbose_name_plural = _("connections")


class Node(models.Model):  # noqa: DJ008 (likewise)
    """A process that serves sockets, for the admin; who may see connections may see nodes."""

    class Meta:
        managed = False
        default_permissions = ()
        verbose_name = _("node")
        verbose_name_plural = _("nodes")


class KeptSettings(models.Model):
    """The settings of a user's connections, for the next one (GATEWAY_KEEP_SETTINGS)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("user"),
    )
    values = models.JSONField(_("settings"), default=dict)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    seen_at = models.DateTimeField(_("last seen"), help_text=_("When the user's connection was heard of last."))

    class Meta:
        default_permissions = ("view", "delete")
        verbose_name = _("kept settings")
        verbose_name_plural = _("kept settings")

    def __str__(self) -> str:
        return str(self.user)


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    """What may be asked about them."""

    def waiting(self) -> Self:
        """Return those nobody has dealt with."""
        return self.filter(state=DeadLetter.State.WAITING)


class DeadLetter(models.Model):
    """A message of a queue that could not be delivered, set aside so that the others are."""

    class Source(models.TextChoices):
        REDIS = "redis", "Redis"
        RABBITMQ = "rabbitmq", "RabbitMQ"

    class Reason(models.TextChoices):
        NOT_JSON = "not_json", _("not JSON")
        INVALID = "invalid", _("not of the schema")
        TOO_LARGE = "too_large", _("too large")
        EXPIRED = "expired", _("run out")
        FAILED = "failed", _("failed")
        GIVEN_UP = "given_up", _("tried too often")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        DISCARDED = "discarded", _("discarded")

    source = models.CharField(_("queue"), max_length=20, choices=Source)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    detail = models.TextField(_("in words"), default="", blank=True)
    message_id = models.CharField(_("message id"), max_length=100, default="", blank=True, db_index=True)
    body = models.TextField(_("message"))
    is_cut = models.BooleanField(_("cut off"), default=False, help_text=_("Only the beginning was kept."))
    size = models.PositiveIntegerField(_("bytes"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.WAITING, db_index=True)
    created_at = models.DateTimeField(_("set aside at"), default=timezone.now, db_index=True)
    settled_at = models.DateTimeField(_("dealt with at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("dealt with by"),
    )

    objects: ClassVar[Any] = DeadLetterQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("retry_deadletter", _("Can deliver dead letters again")),
            ("discard_deadletter", _("Can discard dead letters")),
        ]
        ordering = ("-pk",)
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")

    def __str__(self) -> str:
        return f"{self.get_reason_display()} #{self.pk}"


class Watch(models.Model):
    """Somebody of staff is shown what a connection sends and gets (realtime/watches.py)."""

    connection = models.CharField(max_length=64)
    watcher = models.CharField(max_length=64)
    """The connection that is shown it."""
    session_id = models.CharField(max_length=64, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    watched_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    """When its watcher said last that it goes on."""

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["connection", "watcher"], name="one_watch_of_each_by_each")]

    def __str__(self) -> str:
        return f"{self.watcher} → {self.connection}"


class Attempt(models.Model):
    """Delivering a message of RabbitMQ's queue that came again was begun; the row goes when that ends, however it ends."""

    key = models.CharField(max_length=64, primary_key=True)
    begun = models.PositiveIntegerField()
    begun_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key[:8]} ×{self.begun}"
