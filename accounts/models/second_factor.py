"""What people prove themselves with besides the password."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.sessions import LoginEvent, LoginSession


class SecondFactorQuerySet(models.QuerySet["SecondFactor"]):
    def confirmed(self) -> Self:
        """Those that are asked for at sign-in; the others are only being set up."""
        return self.exclude(confirmed_at=None)


class SecondFactor(models.Model):
    """An app that shows codes (TOTP). Written by accounts.second_factor and nothing else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factor", verbose_name=_("user")
    )
    secret = models.CharField(
        max_length=200, editable=False, help_text=_("Encrypted with a key derived from SECRET_KEY.")
    )
    # the session or challenge the secret was shown to: no other sees or confirms it
    begun_for = models.CharField(max_length=64, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    # the 30 seconds of the last code that was taken: none of them or before is taken again
    last_step = models.BigIntegerField(default=0, editable=False)

    objects = SecondFactorQuerySet.as_manager()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        default_permissions = ()
        permissions = [("remove_secondfactor", "Can remove second factors")]

    def __str__(self) -> str:
        return self.user.username


class RecoveryCode(models.Model):
    """Lets somebody in once when their app is out of reach; the code itself is nowhere."""

    factor = models.ForeignKey(
        SecondFactor, models.CASCADE, related_name="recovery_codes", verbose_name=_("second factor")
    )
    code_hash = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["factor", "code_hash"], name="recovery_code_once_per_factor")]

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{self.factor} · {self.pk}"


class SignInChallenge(models.Model):
    """A password, or a code by text message, was right; the second factor is awaited."""

    # SHA-256 of what the client holds
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    auth_epoch = models.PositiveIntegerField(editable=False)
    scope = models.CharField(_("where to"), max_length=20, choices=LoginSession.Scope.choices)
    method = models.CharField(
        _("by means of"), max_length=10, choices=LoginEvent.Method.choices, default=LoginEvent.Method.PASSWORD
    )
    device = models.CharField(_("device"), max_length=100, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("sign-in challenge")
        verbose_name_plural = _("sign-in challenges")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user.username} · {self.scope}"
