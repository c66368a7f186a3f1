"""What staff may be allowed to do at the gateway. No tables: connections and nodes live in memory and in Redis."""

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
