"""What staff may be allowed to do at the gateway. Connections and nodes have no tables: they live in memory and in Redis."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Connection(models.Model):  # noqa: DJ008 (never an instance)
    """An open socket, for the admin and its permissions."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        permissions = [
            ("send", _("Can send messages to sockets")),
            ("disconnect", _("Can disconnect sockets")),
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
