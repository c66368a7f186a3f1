"""Where people are signed in, and how they tried to."""

import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.origins import Origin
from accounts.models.people import reach_by


def new_sid() -> str:
    return secrets.token_hex(16)


def new_family_secret() -> bytes:
    return secrets.token_bytes(32)


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    def live(self) -> Self:
        """Sessions that still let somebody in."""
        now = timezone.now()
        return self.filter(ended_at=None, expires_at__gt=now, absolute_expires_at__gt=now)

    def unended(self) -> Self:
        """Rows nobody has closed yet, run-out ones included."""
        return self.filter(ended_at=None)

    def seen_by(self, user: Any) -> Self:
        """Those of people in `user`'s reach."""
        return self.filter(reach_by(user).where("user"))


class LoginSession(Origin):
    """Somebody signed in somewhere: the truth about it. Written by accounts.sessions and nothing else."""

    class Scope(models.TextChoices):
        ADMIN = "admin", _("back office")
        API = "api", _("API")

    class Kind(models.TextChoices):
        JWT = "jwt", _("tokens")
        DJANGO = "django", _("browser")

    class Reason(models.TextChoices):
        LOGOUT = "logout", _("signed out")
        DISPLACED = "displaced", _("signed in elsewhere")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("ended by staff")
        REUSE = "reuse", _("a used token came back")
        PASSWORD = "password", _("password changed")
        DISABLED = "disabled", _("account disabled")

    sid = models.CharField(_("id"), max_length=32, unique=True, default=new_sid, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="login_sessions", verbose_name=_("user")
    )
    scope = models.CharField(_("where to"), max_length=20, choices=Scope.choices)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.JWT)
    device = models.CharField(_("device"), max_length=100, blank=True)
    # SHA-256 of the key of the Django session: the key itself would be a credential
    django_key_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    # worthless alone: refresh tokens are made of it and of a key that is in no database
    family_secret = models.BinaryField(max_length=32, default=new_family_secret, editable=False)
    gen = models.PositiveIntegerField(_("refreshes"), default=0, editable=False)
    rotated_at = models.DateTimeField(_("last refresh"), default=timezone.now, editable=False)
    grace_uses = models.PositiveIntegerField(default=0, editable=False)
    # the key of the present generation's access token, so that whoever repeats the answer signs with the same
    signed_by = models.CharField(max_length=64, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    renewed_at = models.DateTimeField(_("renewed"), default=timezone.now)
    renew_count = models.PositiveIntegerField(_("renewals"), default=0)
    absolute_expires_at = models.DateTimeField(_("expires at the latest"))
    auth_epoch = models.PositiveIntegerField(default=0, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    # when the person last gave a password or a code
    confirmed_at = models.DateTimeField(_("proved themselves"), default=timezone.now, editable=False)
    exclusive = models.BooleanField(_("the only one"), default=False)
    # "<user>:<scope>" while the session is exclusive and not ended, else NULL: a plain unique index then allows one
    # such session each, on every database (MariaDB has no partial index)
    live_key = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001 (see above)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, db_index=True)
    end_reason = models.CharField(_("why"), max_length=20, blank=True, choices=Reason.choices)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced", verbose_name=_("replaced by")
    )
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    # as whom the person of this session acts, until when, and whether they may change anything: accounts.impersonation
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("acts as"),
    )
    subject_until = models.DateTimeField(_("acts until"), null=True, blank=True, editable=False)
    subject_writes = models.BooleanField(_("may change things"), default=False, editable=False)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("end_loginsession", "Can end sessions")]
        indexes = [models.Index(fields=["user", "ended_at"], name="session_of_user")]

    def __str__(self) -> str:
        # no translated word: the audit trail keeps this text as it is
        return f"{self.user.username} · {self.device or self.ip or self.sid[:8]}"

    @property
    def runs_out_at(self) -> datetime:
        """When the session is over unless it is renewed."""
        return min(self.expires_at, self.absolute_expires_at)

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.runs_out_at > timezone.now()


class LoginEventQuerySet(models.QuerySet["LoginEvent"]):
    def seen_by(self, user: Any) -> Self:
        """Those of people in `user`'s reach; names that nobody has are for who reaches everybody."""
        return self.filter(reach_by(user).where("user"))


class LoginEvent(Origin):
    """One attempt to sign in. Lock-outs are counted from these rows, so they hold without any cache."""

    class Reason(models.TextChoices):
        OK = "ok", _("signed in")
        UNKNOWN_USER = "unknown_user", _("unknown user name")
        WRONG_PASSWORD = "wrong_password", _("wrong password")
        INACTIVE = "inactive", _("account disabled")
        NOT_STAFF = "not_staff", _("not staff")
        LOCKED = "locked", _("locked after too many failures")
        UNLOCKED = "unlocked", _("unlocked by staff")
        CODE_ASKED = "code_asked", _("second factor asked for")
        WRONG_CODE = "wrong_code", _("wrong code")
        CHALLENGE_OVER = "challenge_over", _("second factor came too late")
        ADDRESS = "address", _("address not allowed")
        TOO_MANY = "too_many", _("too many devices")
        CAPTCHA = "captcha", _("captcha asked for")

    class Method(models.TextChoices):
        PASSWORD = "password", _("password")
        SMS = "sms", _("text message")

    FAILURES: ClassVar = (Reason.UNKNOWN_USER, Reason.WRONG_PASSWORD, Reason.INACTIVE, Reason.WRONG_CODE)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="login_events",
        verbose_name=_("user"),
    )
    username = models.CharField(_("user name"), max_length=150)
    succeeded = models.BooleanField(_("successful"))
    reason = models.CharField(_("outcome"), max_length=20, choices=Reason.choices)
    scope = models.CharField(_("where to"), max_length=20, choices=LoginSession.Scope.choices)
    method = models.CharField(_("by means of"), max_length=10, choices=Method.choices, default=Method.PASSWORD)
    session = models.ForeignKey(
        LoginSession, models.SET_NULL, null=True, blank=True, related_name="events", verbose_name=_("session")
    )
    is_new_device = models.BooleanField(_("new device"), default=False)
    created_at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    objects = LoginEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("unlock_loginevent", "Can unlock sign-ins")]
        indexes = [
            models.Index(fields=["username", "created_at"], name="signin_of_username"),
            models.Index(fields=["ip", "created_at"], name="signin_from_address"),
        ]

    def __str__(self) -> str:
        return f"{self.username} · {self.get_reason_display()}"
