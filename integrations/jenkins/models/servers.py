"""Jenkins servers, and what was last known of each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.jenkins import sealing
from integrations.jenkins.client import Account


class ServerQuerySet(models.QuerySet["Server"]):
    def enabled(self) -> Self:
        return self.filter(enabled=True)

    def due(self, after: timedelta) -> Self:
        """Those whose state is older than `after`, and which nobody asks at this moment."""
        now = timezone.now()
        old = Q(asked_at=None) | Q(asked_at__lte=now - after)
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        return self.enabled().filter(old & free)


class Server(models.Model):
    """A Jenkins. Only superusers write these rows: where we send requests is for nobody else to decide."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    url = models.CharField(
        _("address"), max_length=300, help_text=_("As the browser has it, for example https://jenkins.example.com/")
    )
    user = models.CharField(_("user"), max_length=100, blank=True, help_text=_("Empty: nobody in particular."))
    sealed_token = models.TextField(default="", blank=True, editable=False)
    networks = models.JSONField[list[str]](
        _("allowed addresses"),
        default=list,
        blank=True,
        help_text=_("Networks in which its name must lie; empty: wherever JENKINS_ALLOWED_SERVERS allows."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    version = models.CharField(_("version"), max_length=40, blank=True, editable=False)
    # the last known state: {"info": {…}, "jobs": 12, "queue": 3, "nodes": […]}
    state = models.JSONField[dict[str, Any]](_("last known state"), default=dict, blank=True, editable=False)
    fetched_at = models.DateTimeField(_("last known at"), null=True, editable=False)
    # when it first did not answer; empty while it does
    stale_since = models.DateTimeField(_("stale since"), null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)
    trouble_code = models.CharField(max_length=10, blank=True, editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ServerQuerySet.as_manager()

    class Meta:
        verbose_name = _("Jenkins server")
        verbose_name_plural = _("Jenkins servers")
        ordering = ["name"]
        permissions = [
            ("restart_server", "Can restart Jenkins servers"),
            ("manage_server", "Can change machines and plugins of Jenkins servers"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def token(self) -> str:
        """The open API token, for the client and for nobody else."""
        return str(sealing.reveal(sealing.TOKEN, self.sealed_token, ""))

    def seal(self, token: str) -> None:
        """Keep an API token; `save` follows."""
        self.sealed_token = sealing.close(sealing.TOKEN, token)

    @property
    def masked_token(self) -> str:
        """What people see of it: whether there is one."""
        return "***" if self.sealed_token else ""

    @property
    def is_stale(self) -> bool:
        return self.stale_since is not None

    @property
    def health(self) -> str:
        """One word: off, unknown (never asked), down, restarting or ok."""
        if not self.enabled:
            return "off"
        if self.stale_since is not None:
            return "down"
        if self.fetched_at is None:
            return "unknown"
        info: Mapping[str, Any] = self.state.get("info") or {}
        return "restarting" if info.get("quieting_down") else "ok"

    @property
    def account(self) -> Account:
        """Where it is, for the client.

        :raises Unreadable: when the token was sealed under another SECRET_KEY.
        """
        return Account(f"{self.pk or 'new'}", self.name, self.url, self.user, self.token, tuple(self.networks))
