"""What access tokens are signed with."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """A key that signs access tokens; shared by all nodes through this table."""

    class State(models.TextChoices):
        NEXT = "next", _("next")
        CURRENT = "current", _("current")
        RETIRED = "retired", _("retired")

    kid = models.CharField(_("key id"), max_length=64, unique=True)
    algorithm = models.CharField(_("algorithm"), max_length=10)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEXT)
    # "current" while this is the current key, else NULL: a unique index that allows one on every database
    current_slot = models.CharField(max_length=10, null=True, unique=True, editable=False)  # noqa: DJ001 (see above)
    private = models.TextField(editable=False, help_text=_("Encrypted with a key derived from SECRET_KEY."))
    public = models.JSONField(_("public part"), editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    # when a waiting key is to take over by itself
    promote_at = models.DateTimeField(_("takes over"), null=True, blank=True)
    promoted_at = models.DateTimeField(_("current since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [("rotate_keys", "Can rotate signing keys")]

    def __str__(self) -> str:
        return f"{self.kid[:12]}… · {self.algorithm} · {self.get_state_display()}"
