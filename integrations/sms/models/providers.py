"""Who carries text messages."""

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.sms import sealing

SHOWN = 4


class ProviderQuerySet(models.QuerySet["Provider"]):
    def enabled(self) -> Self:
        return self.filter(enabled=True)


class Provider(models.Model):
    """An account with somebody who carries text messages. The first that may carry a message is tried first."""

    class Kind(models.TextChoices):
        CONSOLE = "console", _("terminal (development)")
        MEMORY = "memory", _("memory (tests)")
        ALIYUN = "aliyun", _("Alibaba Cloud")
        TENCENT = "tencent", _("Tencent Cloud")

    PLAYTHINGS: ClassVar[frozenset[str]] = frozenset({Kind.CONSOLE, Kind.MEMORY})
    """Kinds that reach no telephone: not in production."""

    key = models.SlugField(
        _("key"), max_length=40, unique=True, help_text=_("Its name in addresses, logs and the history of messages.")
    )
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    enabled = models.BooleanField(_("enabled"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=10, help_text=_("Lower numbers are tried first."))
    # calling codes, as numbers
    prefixes = models.JSONField[list[int]](
        _("country codes"), default=list, blank=True, help_text=_("It carries messages to these; empty: to all.")
    )
    daily_quota = models.PositiveIntegerField(
        _("daily quota"), null=True, blank=True, help_text=_("Messages a day at most; empty: without limit.")
    )
    cost_per_segment = models.DecimalField(
        _("cost per segment"),
        max_digits=10,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    sign_name = models.CharField(_("sign name"), max_length=40, blank=True)
    endpoint = models.CharField(
        _("endpoint"),
        max_length=200,
        blank=True,
        validators=[RegexValidator(r"^https?://[^\s/?#@]+$")],
        help_text=_("Another server than the provider's own, for example https://dysmsapi.ap-southeast-1.aliyuncs.com"),
    )
    # what else its kind wants: "region", "sdk_app_id"
    options = models.JSONField[dict[str, str]](_("options"), default=dict, blank=True)
    sealed_credentials = models.TextField(default="", blank=True, editable=False)
    # networks from which receipts are taken without a signature
    receipt_addresses = models.JSONField[list[str]](
        _("addresses of receipts"), default=list, blank=True, help_text=_("Networks from which receipts are taken.")
    )
    # the last time it refused us, not a message; empty once it takes messages again
    trouble_code = models.CharField(max_length=60, blank=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)
    trouble_at = models.DateTimeField(null=True, editable=False)
    # since when its breaker is open, in whichever process that was, and until when nobody asks it; then one does
    left_alone_since = models.DateTimeField(null=True, editable=False)
    left_alone_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("SMS provider")
        verbose_name_plural = _("SMS providers")
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def credentials(self) -> dict[str, str]:
        """The open credentials, for the client that signs with them and for nobody else."""
        return sealing.reveal(sealing.CREDENTIALS, self.sealed_credentials)

    def seal(self, credentials: dict[str, str]) -> None:
        """Keep credentials; `save` follows."""
        self.sealed_credentials = sealing.close(sealing.CREDENTIALS, credentials)

    @property
    def masked_credentials(self) -> dict[str, str]:
        """What people see of them: which there are, and how the ids end."""
        try:
            return {name: _masked(name, value) for name, value in self.credentials.items()}
        except sealing.Unreadable:
            return {}

    @property
    def receipt_secret(self) -> str:
        """What receipts are signed with; empty: they are not, or nobody can tell."""
        try:
            return self.credentials.get("receipt_secret", "")
        except sealing.Unreadable:
            return ""

    @property
    def calls_back(self) -> bool:
        """Are receipts taken from it?"""
        return bool(self.receipt_addresses or self.receipt_secret)

    def carries(self, prefix: int) -> bool:
        return not self.prefixes or prefix in self.prefixes

    def option(self, name: str, default: str = "") -> str:
        value: Any = self.options.get(name, default)
        return str(value)


def _masked(name: str, value: str) -> str:
    return "***" + (value[-SHOWN:] if name.endswith("_id") and len(value) >= 3 * SHOWN else "")
