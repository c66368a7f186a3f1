"""What is known of where a sign-in comes from, and the devices people have signed in with."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.Model):
    """Address and program of a sign-in, and what was read out of them."""

    class DeviceKind(models.TextChoices):
        WEB = "web", _("browser")
        APP = "app", _("app")
        DESKTOP = "desktop", _("desktop program")
        OTHER = "other", _("other")

    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    # ISO 3166, "local" for an address of one's own network, "" where it is unknown
    country = models.CharField(_("country"), max_length=5, blank=True)
    region = models.CharField(_("region"), max_length=60, blank=True)
    browser = models.CharField(_("browser"), max_length=60, blank=True)
    os = models.CharField(_("system"), max_length=60, blank=True)
    device_kind = models.CharField(
        _("kind of device"), max_length=10, choices=DeviceKind.choices, default=DeviceKind.OTHER
    )

    class Meta:
        abstract = True

    @property
    def program(self) -> str:
        """Something like "Firefox · Linux"."""
        return " · ".join(filter(None, (self.browser, self.os)))


class Device(models.Model):
    """Something a person has signed in with. Written by accounts.devices and nothing else."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices", verbose_name=_("user"))
    key = models.CharField(max_length=64, editable=False)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"), db_index=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering: ClassVar = ["-last_seen_at"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="device_once_each")]

    def __str__(self) -> str:
        return f"{self.user.username} · {self.key[:8]}"
