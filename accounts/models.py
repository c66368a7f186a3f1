"""Who works here, how they are ordered, and where they are signed in."""

import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from accounts import validators


def languages() -> list[tuple[str, Any]]:
    return list(settings.LANGUAGES)


def avatar_path(user: "User", _filename: str) -> str:
    """A path nobody can guess: what people call their files is not kept."""
    return f"avatars/{secrets.token_hex(16)}.webp"


def new_sid() -> str:
    return secrets.token_hex(16)


def new_family_secret() -> bytes:
    return secrets.token_bytes(32)


# --- departments and roles ------------------------------------------------------------------------------------------


class Department(TreeNode):  # type: ignore[misc]  # tree_queries has no types
    """A part of the organisation; departments form a tree."""

    # not a cascade: a department goes only when nothing hangs on it any more
    parent = TreeNodeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent department")
    )
    name = models.CharField(_("name"), max_length=60, validators=[validators.no_control_characters])
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="heads", verbose_name=_("head")
    )
    position = models.PositiveIntegerField(_("position"), default=0, validators=[MaxValueValidator(1_000_000)])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TreeQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="department_name_once_per_parent")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        # a UniqueConstraint lets NULL parents repeat
        twins = Department.objects.filter(parent=self.parent_id, name=self.name).exclude(pk=self.pk)
        if twins.exists():
            raise ValidationError({"name": _("There is already a department of this name here.")})


class Role(models.Model):
    """A group's key and rank; a higher rank may change, end and impersonate a lower one, never the reverse."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="role", verbose_name=_("group"))
    key = models.SlugField(_("key"), max_length=40, unique=True)
    rank = models.PositiveSmallIntegerField(_("rank"), default=0, validators=[MaxValueValidator(1_000)])

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["-rank", "key"]

    def __str__(self) -> str:
        return self.group.name


# --- people -----------------------------------------------------------------------------------------------------------


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """People whose user name, names, phone or mail address contain `text`."""
        fields = ("username", "real_name", "nickname", "phone", "email")
        found = Q()
        for field in fields:
            found |= Q(**{f"{field}__icontains": text})
        return self.filter(found)


class UserManager(BaseUserManager["User"]):
    # not from_queryset(): makemigrations cannot write such a manager of a user model down
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def active(self) -> UserQuerySet:
        return self.get_queryset().active()

    def create_user(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # Department's is tree_queries'
    """A person who may sign in."""

    class Gender(models.IntegerChoices):
        UNKNOWN = 0, _("unknown")
        MALE = 1, _("male")
        FEMALE = 2, _("female")

    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("There is already a person of this user name.")},
    )
    real_name = models.CharField(
        _("real name"), max_length=60, blank=True, validators=[validators.no_control_characters]
    )
    nickname = models.CharField(_("nickname"), max_length=60, blank=True, validators=[validators.no_control_characters])
    email = models.EmailField(_("mail address"), blank=True)
    # NULL, not "": only that may repeat under a unique index
    phone = models.CharField(
        _("phone"),
        max_length=11,
        unique=True,
        null=True,
        blank=True,
        validators=[validators.phone],
        error_messages={"unique": _("There is already a person of this phone number.")},
    )
    gender = models.PositiveSmallIntegerField(_("gender"), choices=Gender.choices, default=Gender.UNKNOWN)
    avatar = models.ImageField(_("picture"), upload_to=avatar_path, blank=True, validators=[validators.avatar_size])
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("department")
    )
    manager = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("manager")
    )
    language = models.CharField(_("language"), max_length=10, blank=True, choices=languages)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validators.time_zone])
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May sign in to the back office."))
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Switch off instead of deleting."))
    date_joined = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    # a session or token from an earlier epoch is void
    auth_epoch = models.PositiveIntegerField(_("sign-in epoch"), default=0, editable=False)
    # moves when roles or permissions change
    perm_epoch = models.PositiveIntegerField(_("permission epoch"), default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        return f"{self.real_name} ({self.username})" if self.real_name else self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone = self.phone or None
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.email = User.objects.normalize_email(self.email)
        self.phone = self.phone or None
        if self.manager_id and self.pk and self._is_above(self.manager):
            raise ValidationError({"manager": _("Nobody can be their own manager, not even by way of others.")})

    def _is_above(self, person: "User | None") -> bool:
        seen: set[int] = set()
        while person is not None and person.pk not in seen:
            if person.pk == self.pk:
                return True
            seen.add(person.pk)
            person = person.manager
        return False

    def get_full_name(self) -> str:
        return self.real_name or self.username

    def get_short_name(self) -> str:
        return self.nickname or self.real_name or self.username

    @cached_property
    def roles(self) -> list[Role]:
        """The person's roles, highest first; read once per object."""
        return list(Role.objects.filter(group__user=self.pk).select_related("group"))

    @property
    def role_keys(self) -> tuple[str, ...]:
        return tuple(role.key for role in self.roles)

    @property
    def rank(self) -> int:
        """The highest rank of the person's roles; 0 without any. A superuser stands above all ranks."""
        return max((role.rank for role in self.roles), default=0)


# --- signed in --------------------------------------------------------------------------------------------------------


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    def live(self) -> Self:
        """Sessions that still let somebody in."""
        now = timezone.now()
        return self.filter(ended_at=None, expires_at__gt=now, absolute_expires_at__gt=now)

    def unended(self) -> Self:
        """Rows nobody has closed yet, run-out ones included."""
        return self.filter(ended_at=None)


class LoginSession(models.Model):
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
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    # SHA-256 of the key of the Django session: the key itself would be a credential
    django_key_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    # worthless alone: refresh tokens are made of it and of a key that is in no database
    family_secret = models.BinaryField(max_length=32, default=new_family_secret, editable=False)
    gen = models.PositiveIntegerField(_("refreshes"), default=0, editable=False)
    rotated_at = models.DateTimeField(_("last refresh"), default=timezone.now, editable=False)
    grace_uses = models.PositiveIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    renewed_at = models.DateTimeField(_("renewed"), default=timezone.now)
    renew_count = models.PositiveIntegerField(_("renewals"), default=0)
    absolute_expires_at = models.DateTimeField(_("expires at the latest"))
    auth_epoch = models.PositiveIntegerField(default=0, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    exclusive = models.BooleanField(_("the only one"), default=False)
    # "<user>:<scope>" while the session is exclusive and not ended, else NULL: a plain unique index then allows one
    # such session each, on every database (MariaDB has no partial index)
    live_key = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, db_index=True)
    end_reason = models.CharField(_("why"), max_length=20, blank=True, choices=Reason.choices)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced", verbose_name=_("replaced by")
    )
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)

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


class LoginEvent(models.Model):
    """One attempt to sign in. Lock-outs are counted from these rows, so they hold without any cache."""

    class Reason(models.TextChoices):
        OK = "ok", _("signed in")
        UNKNOWN_USER = "unknown_user", _("unknown user name")
        WRONG_PASSWORD = "wrong_password", _("wrong password")
        INACTIVE = "inactive", _("account disabled")
        NOT_STAFF = "not_staff", _("not staff")
        LOCKED = "locked", _("locked after too many failures")
        UNLOCKED = "unlocked", _("unlocked by staff")

    FAILURES: ClassVar = (Reason.UNKNOWN_USER, Reason.WRONG_PASSWORD, Reason.INACTIVE)

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
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=300, blank=True)
    session = models.ForeignKey(
        LoginSession, models.SET_NULL, null=True, blank=True, related_name="events", verbose_name=_("session")
    )
    created_at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["username", "created_at"], name="signin_of_username")]

    def __str__(self) -> str:
        return f"{self.username} · {self.get_reason_display()}"


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
    current_slot = models.CharField(max_length=10, null=True, unique=True, editable=False)  # noqa: DJ001
    private = models.TextField(editable=False, help_text=_("Encrypted with a key derived from SECRET_KEY."))
    public = models.JSONField(_("public part"), editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    promoted_at = models.DateTimeField(_("current since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["-created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.kid[:12]}… · {self.algorithm} · {self.get_state_display()}"
