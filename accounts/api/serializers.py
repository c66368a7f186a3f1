"""Accounts as JSON."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import passwords, sessions, tickets, tokens, tree
from accounts.api.fields import Captcha, Ids, PersonInReach, Secret, StrictModelSerializer, Text
from accounts.api.impersonation_serializers import ImpersonatorSerializer, impersonator_of
from accounts.api.origins import ORIGIN, OriginSerializer
from accounts.api.reach import ReachSerializer
from accounts.models import Department, LoginSession, Role, User
from project.core.api import StrictSerializer

# --- people -----------------------------------------------------------------------------------------------------------

PROFILE = ("real_name", "nickname", "email", "phone", "gender", "language", "time_zone")


class UserSerializer(StrictModelSerializer):
    """A person."""

    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.without_tree_fields(), allow_null=True, required=False
    )
    manager = PersonInReach(queryset=User.objects.none(), allow_null=True, required=False)
    department_name = serializers.CharField(source="department.name", read_only=True, default=None, allow_null=True)
    manager_name = serializers.CharField(source="manager.get_full_name", read_only=True, default=None, allow_null=True)
    roles = serializers.SlugRelatedField(
        slug_field="key", many=True, queryset=Role.objects.all(), required=False, help_text="Keys of roles."
    )
    phone_verified_at = serializers.SerializerMethodField(
        help_text="When a code showed the phone to be theirs; or null."
    )
    avatar = serializers.SerializerMethodField(help_text="Where to read the picture; null without one.")

    class Meta:
        model = User
        fields: tuple[str, ...] = (
            "id",
            "username",
            *PROFILE,
            "phone_verified_at",
            "avatar",
            "department",
            "department_name",
            "manager",
            "manager_name",
            "roles",
            "is_active",
            "is_staff",
            "is_superuser",
            "must_change_password",
            "last_login",
            "date_joined",
            "left_at",
            "anonymised_at",
        )
        read_only_fields: tuple[str, ...] = ("id", "last_login", "date_joined", "left_at", "anonymised_at")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_phone_verified_at(self, user: User) -> Any:
        return user.phone_verified_at if user.has_verified_phone else None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_avatar(self, user: User) -> str | None:
        return reverse("user-avatar", args=[user.pk]) if user.avatar else None


class NewUserSerializer(UserSerializer):
    """A person to add. Without a password they cannot sign in until they get one."""

    password = Secret(required=False, max_length=128)

    class Meta(UserSerializer.Meta):
        fields = (*UserSerializer.Meta.fields, "password")


class ProfileSerializer(UserSerializer):
    """What people may change about themselves."""

    class Meta(UserSerializer.Meta):
        fields = PROFILE
        read_only_fields = ()


class MeSerializer(UserSerializer):
    """The person who asks, with what they may do."""

    password_due = serializers.SerializerMethodField(
        help_text="Must they choose a new password before anything else? Until then other calls answer 20010."
    )
    permissions = serializers.SerializerMethodField(help_text="All permissions, `app.codename`.")
    scope = ReachSerializer(source="reach", read_only=True, help_text="Whom the person reaches.")
    impersonated_by = serializers.SerializerMethodField(help_text="Who really asks; null: the person themselves.")

    class Meta(UserSerializer.Meta):
        fields = (*UserSerializer.Meta.fields, "password_due", "permissions", "scope", "impersonated_by")

    def get_password_due(self, user: User) -> bool:
        return passwords.is_due_for(user)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())

    @extend_schema_field(ImpersonatorSerializer(allow_null=True))
    def get_impersonated_by(self, user: User) -> Any:
        request = self.context.get("request")
        return impersonator_of(getattr(request, "auth", None), user)


class UserQuerySerializer(StrictSerializer):
    """How a list of people may be narrowed and ordered."""

    ORDERINGS = ("username", "real_name", "email", "phone", "department", "date_joined", "last_login", "id")

    search = serializers.CharField(required=False, max_length=100, help_text="In user name, names, phone, mail.")
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.without_tree_fields(), required=False)
    role = serializers.SlugRelatedField(slug_field="key", queryset=Role.objects.all(), required=False)
    gender = serializers.ChoiceField(User.Gender.choices, required=False)
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)
    is_staff = serializers.BooleanField(required=False, allow_null=True, default=None)
    second_factor = serializers.BooleanField(required=False, allow_null=True, default=None)
    ids = Ids(required=False, max_length=4000, help_text="Only these, of those found: `1,2,3`.")
    ordering = serializers.ChoiceField(
        [sign + name for name in ORDERINGS for sign in ("", "-")], required=False, default="username"
    )


# --- departments and roles ---------------------------------------------------------------------------------------------


class DepartmentSerializer(StrictModelSerializer):
    """A department. `parent` null: at the top."""

    parent = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]  # not the serializer above this one
        queryset=Department.objects.without_tree_fields(), allow_null=True, required=False
    )
    head = PersonInReach(queryset=User.objects.none(), allow_null=True, required=False)
    head_name = serializers.CharField(source="head.get_full_name", read_only=True, default=None, allow_null=True)
    people = serializers.SerializerMethodField(help_text="How many of those you may see belong to it.")
    people_total = serializers.SerializerMethodField(help_text="The same, with all departments below it.")
    depth = serializers.IntegerField(source="tree_depth", read_only=True, default=0, help_text="0 at the top.")

    class Meta:
        model = Department
        fields = (
            "id",
            "name",
            "parent",
            "head",
            "head_name",
            "position",
            "depth",
            "people",
            "people_total",
            "created_at",
        )
        read_only_fields = ("id", "created_at")
        # DRF would ask for `parent` to compare names; the service compares them, at the top too
        validators = ()

    def get_people(self, department: Department) -> int:
        return self._counted(department).own

    def get_people_total(self, department: Department) -> int:
        return self._counted(department).all

    def _counted(self, department: Department) -> tree.Counted:
        counted: dict[int, tree.Counted] = self.context.get("counted", {})
        return counted.get(department.pk, tree.NOBODY)


class PermissionNames(serializers.ListField):
    """Permissions as `app.codename`."""

    child = Text(max_length=200)

    def to_internal_value(self, data: Any) -> list[Permission]:
        names = set(super().to_internal_value(data))
        named = Permission.objects.annotate(full=Concat("content_type__app_label", Value("."), "codename"))
        found: list[Any] = list(named.filter(full__in=names).select_related("content_type"))
        unknown = names - {one.full for one in found}
        if unknown:
            raise serializers.ValidationError(
                _("There is no permission called {name}.").format(name=", ".join(sorted(unknown)[:10]))
            )
        return found

    def to_representation(self, data: Any) -> list[str]:
        return sorted(f"{one.content_type.app_label}.{one.codename}" for one in data.all())


class RoleSerializer(StrictModelSerializer):
    """A role: who has it may do what it names to people and roles of lower rank."""

    name = Text(source="group.name", max_length=150)
    permissions = PermissionNames(source="group.permissions", required=False)
    scope = serializers.ChoiceField(
        Role.Scope.choices, required=False, help_text="Whom its holders reach. The most anybody's roles give counts."
    )
    departments = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.without_tree_fields(),
        many=True,
        required=False,
        help_text="With all below them; only for the scope `chosen`.",
    )
    people = serializers.IntegerField(
        source="people_count", read_only=True, default=0, help_text="How many in your own scope have it."
    )

    class Meta:
        model = Role
        fields = (
            "id",
            "key",
            "name",
            "rank",
            "permissions",
            "scope",
            "departments",
            "second_factor_required",
            "people",
        )
        read_only_fields = ("id",)


# --- signing in ---------------------------------------------------------------------------------------------------------


class SessionSerializer(OriginSerializer):
    """Somewhere a person is signed in."""

    id = serializers.CharField(source="sid")
    current = serializers.SerializerMethodField(help_text="Is it the session that asks?")
    expires_at = serializers.DateTimeField(source="runs_out_at", help_text="Unless it is renewed by use.")
    renewals_left = serializers.SerializerMethodField(help_text="How often use may still renew it; null: no limit.")
    acts_as = serializers.CharField(
        allow_null=True,
        source="subject.username",
        default=None,
        read_only=True,
        help_text="As whom it speaks at the moment; null: oneself.",
    )

    class Meta:
        model = LoginSession
        fields = (
            "id",
            "scope",
            "kind",
            "device",
            *ORIGIN,
            "created_at",
            "last_seen_at",
            "expires_at",
            "absolute_expires_at",
            "renew_count",
            "renewals_left",
            "acts_as",
            "current",
        )
        read_only_fields = fields

    def get_renewals_left(self, session: LoginSession) -> int | None:
        return sessions.renewals_left(session)

    def get_current(self, session: LoginSession) -> bool:
        asking = self.context.get("session")
        return asking is not None and asking.pk == session.pk


class MySessionSerializer(SessionSerializer):
    """Somewhere the caller is signed in."""

    watched = serializers.SerializerMethodField(help_text="Do staff see what a socket of it sends and gets?")

    class Meta(SessionSerializer.Meta):
        fields: Any = (*SessionSerializer.Meta.fields, "watched")
        read_only_fields = fields

    def get_watched(self, session: LoginSession) -> bool:
        return session.sid in self.context["watched"]


class InsteadOf(serializers.RegexField):
    """Which session may end for the one that begins."""

    def __init__(self) -> None:
        words = "After 10005: the `id` of one of its `sessions`, or `oldest`, to sign out there instead."
        super().__init__(r"^(oldest|[0-9a-f]{32})?\Z", required=False, allow_blank=True, default="", help_text=words)


class LoginSerializer(StrictSerializer):
    """User name and password."""

    username = Text(max_length=150)
    password = Secret()
    device = Text(max_length=100, required=False, allow_blank=True, default="", help_text="What the person calls it.")
    instead_of = InsteadOf()
    captcha = Captcha()


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = Secret()


class PasswordSerializer(StrictSerializer):
    """The present password and the one to come."""

    old_password = Secret()
    new_password = Secret(max_length=128)


class SignedInSerializer(serializers.Serializer[LoginSession]):
    """What signing in and refreshing answer."""

    access = serializers.SerializerMethodField()
    refresh = serializers.SerializerMethodField(help_text="For `auth/refresh`, once; it names its own successor.")
    access_expires_in = serializers.SerializerMethodField(help_text="Seconds.")
    refresh_expires_in = serializers.SerializerMethodField(help_text="Seconds; use renews it.")
    session = serializers.SerializerMethodField()
    user = UserSerializer(read_only=True)
    password_due = serializers.SerializerMethodField(
        help_text="Must they choose a new password first? Until then other calls answer 20010."
    )

    def get_password_due(self, session: LoginSession) -> bool:
        return passwords.is_due(session)

    def get_access(self, session: LoginSession) -> str:
        return tokens.access(session)

    def get_refresh(self, session: LoginSession) -> str:
        return tokens.refresh(session)

    def get_access_expires_in(self, session: LoginSession) -> int:
        return tokens.seconds_given(session, tokens.access_expires_at(session))

    def get_refresh_expires_in(self, session: LoginSession) -> int:
        return tokens.seconds_given(session, session.runs_out_at)

    @extend_schema_field(SessionSerializer)
    def get_session(self, session: LoginSession) -> Any:
        return SessionSerializer(session, context={"session": session}).data


class TicketSerializer(serializers.Serializer[Any]):
    """A one-time credential of a socket: `/ws/?ticket=…`."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(default=tickets.LIFETIME_SECONDS)


class EndedSerializer(serializers.Serializer[Any]):
    """How many sessions ended."""

    ended = serializers.IntegerField()
