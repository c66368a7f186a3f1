"""What machines show to say for whom they work."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import validators
from accounts.models.people import User, reach_by
from accounts.models.reach import Reach


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self) -> Self:
        """Tokens that still let a machine in."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def seen_by(self, user: Any) -> Self:
        """Those of people in `user`'s reach."""
        return self.filter(reach_by(user).where("owner"))


class ApiToken(models.Model):
    """A token of a machine. Written by accounts.services; the token itself is kept nowhere."""

    key_id = models.CharField(_("id"), max_length=12, unique=True, editable=False)
    # HMAC-SHA256 of the secret under a key that is in no database
    secret_hash = models.CharField(max_length=64, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=100, validators=[validators.no_control_characters])
    scopes = models.JSONField(_("scopes"), default=list)
    allowed_addresses = models.JSONField(_("allowed addresses"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(_("last used from"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("revoked by"),
    )

    objects: ClassVar[Any] = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view", "add")
        permissions = [("revoke_apitoken", "Can revoke API tokens of others")]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class Machine(User):  # type: ignore[django-manager-missing]  # see User
    """A person as far as one of their API tokens reaches; made for a request, never saved.

    It may what its token's scopes name and the person may at this moment. What a superuser may beyond permissions is no
    scope, so a superuser's machine is none; it stands above all ranks, as they do, but not above superusers. It reaches whom the person reaches.
    """

    ABOVE_ALL_RANKS = 32_768

    class Meta:
        verbose_name = _("machine")
        verbose_name_plural = _("machines")
        proxy = True
        default_permissions = ()

    person: User
    token: ApiToken

    @classmethod
    def of(cls, token: ApiToken) -> "Machine":
        """Return the machine that works with `token`."""
        machine = cls()
        machine.__dict__ |= vars(token.owner)
        machine.person, machine.token = token.owner, token
        machine.is_superuser = machine.is_staff = False
        return machine

    @property
    def rank(self) -> int:
        return self.ABOVE_ALL_RANKS if self.person.is_superuser else self.person.rank

    @property
    def reach(self) -> Reach:
        return self.person.reach

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if perm not in self.token.scopes or not self.person.has_perm(perm):
            return False
        return obj is None or super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions())

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return self.person.get_all_permissions(obj) & set(self.token.scopes)

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        return self.person.get_user_permissions(obj) & set(self.token.scopes)

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        return self.person.get_group_permissions(obj) & set(self.token.scopes)

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("A machine is a person as seen through a token: save the person.")
