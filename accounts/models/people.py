"""People."""

import secrets
from collections.abc import Collection
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import validators
from accounts.models.organisation import Department, Role
from accounts.models.reach import NOBODY, Reach, reach_of
from integrations.sms import phones

LONGEST_PHONE = 16
"""In E.164, with its plus."""


def languages() -> list[tuple[str, Any]]:
    return list(settings.LANGUAGES)


def reach_by(user: Any) -> Reach:
    """How far `user` reaches; somebody who has not signed in reaches nobody."""
    return getattr(user, "reach", NOBODY)


def avatar_path(user: "User", _filename: str) -> str:
    """A path nobody can guess: what people call their files is not kept."""
    return f"avatars/{secrets.token_hex(16)}.webp"


def with_phone(text: str) -> Q:
    """The condition that somebody's number contains `text`, however that is written; nobody, where it is no part of a number."""
    number = phones.part_as_kept(text)
    return Q(phone__contains=number) if number else Q(pk__in=())


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def seen_by(self, user: Any) -> Self:
        """Those whom `user` reaches: lists, API, sheets and sockets all start here."""
        return self.filter(reach_by(user).where())

    def search(self, text: str) -> Self:
        """People whose user name, names, phone or mail address contain `text`."""
        found = with_phone(text)
        for field in User.SEARCHED:
            found |= Q(**{f"{field}__icontains": text})
        return self.filter(found)

    def in_order(self, by: str) -> Self:
        """By a field, "-" in front for the other way; who has none comes first, as nothing is less than anything.

        Said, because PostgreSQL holds nothing to be more; not said of what everybody has, for there it would use no index.
        """
        name = by.removeprefix("-")
        if name != "department" and not User._meta.get_field(name).null:
            return self.order_by(by, "pk")
        fields = [F(one) for one in (("department__position", "department__name") if name == "department" else (name,))]
        turned = [one.desc(nulls_last=True) if by.startswith("-") else one.asc(nulls_first=True) for one in fields]
        return self.order_by(*turned, "pk")


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
    # NULL, not "": only that may repeat under a unique index. As `validators.phone` spells it, so that it is one number once
    phone = models.CharField(
        _("phone"),
        max_length=LONGEST_PHONE,
        unique=True,
        null=True,
        blank=True,
        validators=[validators.phone],
        error_messages={"unique": _("There is already a person of this phone number.")},
    )
    # numbers, not flags: whatever way `phone` changes, neither says anything of another number.
    # what the person typed without having proved of late who they are: it lets nobody in
    phone_claimed = models.CharField(max_length=LONGEST_PHONE, blank=True, editable=False)
    # what was proven by a code
    phone_verified = models.CharField(max_length=LONGEST_PHONE, blank=True, editable=False)
    phone_verified_at = models.DateTimeField(_("phone verified"), null=True, blank=True, editable=False)
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
    must_change_password = models.BooleanField(
        _("must change password"),
        default=False,
        help_text=_("They can do nothing else before they have chosen a password of their own."),
    )
    # NULL: as old as the account
    password_changed_at = models.DateTimeField(_("password since"), null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    left_at = models.DateTimeField(_("left"), null=True, blank=True, editable=False)
    anonymised_at = models.DateTimeField(_("anonymised"), null=True, blank=True, editable=False)
    # a session or token from an earlier epoch is void
    auth_epoch = models.PositiveIntegerField(_("sign-in epoch"), default=0, editable=False)
    # moves when roles or permissions change
    perm_epoch = models.PositiveIntegerField(_("permission epoch"), default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    SEARCHED: ClassVar = ("username", "real_name", "nickname", "phone", "email")
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        permissions = [
            ("impersonate_user", "Can act as other people, reading only"),
            ("impersonate_write", "Can change things while acting as other people"),
        ]

    impersonator: "User | None" = None
    """Who really acts, while somebody acts as this person: set on the person of a request, kept nowhere."""

    def __str__(self) -> str:
        return f"{self.real_name} ({self.username})" if self.real_name else self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone = self.phone or None
        super().save(*args, **kwargs)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        if self.phone and "phone" not in (exclude or ()):
            self.phone = validators.phone.spelled(self.phone)
        super().clean_fields(exclude)

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
        """The person's roles, highest first; read once per object, for lists by `prefetch_related("groups__role__group")`."""
        if "groups" in getattr(self, "_prefetched_objects_cache", {}):
            found = (getattr(group, "role", None) for group in self.groups.all())
            return sorted(filter(None, found), key=lambda role: (-role.rank, role.key))
        return list(Role.objects.filter(group__user=self.pk).select_related("group"))

    @cached_property
    def reach(self) -> Reach:
        """Whom the person may see and act on, nobody while disabled; read once per object, like the roles it comes from."""
        return reach_of(self) if self.is_active else NOBODY

    @property
    def has_verified_phone(self) -> bool:
        """Has a code shown that the number is theirs?"""
        return bool(self.phone) and self.phone == self.phone_verified

    @property
    def role_keys(self) -> tuple[str, ...]:
        return tuple(role.key for role in self.roles)

    @property
    def rank(self) -> int:
        """The highest rank of the person's roles; 0 without any. A superuser stands above all ranks."""
        return max((role.rank for role in self.roles), default=0)
