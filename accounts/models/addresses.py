"""Which addresses may come in, and which may not."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import validators


class AddressRuleQuerySet(models.QuerySet["AddressRule"]):
    def in_force(self) -> Self:
        """Rules that are switched on and have not run out."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), is_active=True)


class AddressRule(models.Model):
    """Lets addresses in, or keeps them out. Written by accounts.services; accounts.addresses decides by it."""

    class Effect(models.TextChoices):
        ALLOW = "allow", _("allow")
        DENY = "deny", _("deny")

    class Place(models.TextChoices):
        ADMIN = "admin", _("back office")
        API = "api", _("API")
        GATEWAY = "gateway", _("sockets")

    PLACES: ClassVar = tuple(Place.values)

    effect = models.CharField(_("effect"), max_length=5, choices=Effect.choices)
    pattern = models.CharField(
        _("addresses"),
        max_length=100,
        help_text=_("One address, a network (10.0.0.0/8), a range (10.0.0.1-10.0.0.9) or a beginning (10.1.*)."),
    )
    for_admin = models.BooleanField(_("back office"), default=True)
    for_api = models.BooleanField(_("API"), default=True)
    for_gateway = models.BooleanField(_("sockets"), default=True)
    comment = models.CharField(_("comment"), max_length=200, blank=True, validators=[validators.no_control_characters])
    is_active = models.BooleanField(_("active"), default=True)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("From then on the rule counts as not there. Empty: never.")
    )
    hits = models.PositiveBigIntegerField(_("hits"), default=0, editable=False)
    last_hit_at = models.DateTimeField(_("last hit"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    # what the nodes tell a change by; hits do not move it
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False, db_index=True)

    objects = AddressRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("address rule")
        verbose_name_plural = _("address rules")
        ordering = ["-effect", "pattern", "pk"]

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{self.effect} {self.pattern}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.changed_at = timezone.now()
        super().save(*args, **kwargs)

    @property
    def places(self) -> list[str]:
        """Where the rule applies."""
        return [place for place in self.PLACES if getattr(self, f"for_{place}")]

    @property
    def has_run_out(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def describe(self) -> str:
        """The rule in the reader's language."""
        text = f"{self.get_effect_display()} {self.pattern}"
        return gettext("%(rule)s (%(comment)s)") % {"rule": text, "comment": self.comment} if self.comment else text
