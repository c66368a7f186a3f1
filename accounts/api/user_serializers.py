"""People as JSON."""

from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import passwords
from accounts.api.fields import Ids, PersonInReach, Secret, StrictModelSerializer
from accounts.api.impersonation_serializers import ImpersonatorSerializer, impersonator_of
from accounts.api.reach import ReachSerializer
from accounts.models import Department, Role, User
from integrations.sms import phones
from project.core.api import StrictSerializer

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
        extra_kwargs: ClassVar[dict[str, dict[str, Any]]] = {
            "phone": {"max_length": phones.LONGEST, "help_text": "`13800138000`; of other countries `+6581234567`."}
        }

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_phone_verified_at(self, user: User) -> Any:
        # as every other moment: in the reader's time zone
        moment = user.phone_verified_at if user.has_verified_phone else None
        return serializers.DateTimeField().to_representation(moment) if moment else None

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
