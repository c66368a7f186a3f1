"""Forms for people and roles: they check and collect, accounts.services writes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import services
from accounts.admin.permissions import PermissionMatrix, grantable
from accounts.models import Department, Role, User
from accounts.services import people
from integrations.sms import phones
from project.core.admin import ServiceForm
from project.core.errors import GatehouseError

PROFILE = (
    "username",
    "real_name",
    "nickname",
    "gender",
    "phone",
    "email",
    "avatar",
    "department",
    "manager",
    "language",
    "time_zone",
    "is_active",
    "is_staff",
    "is_superuser",
    "must_change_password",
)


def acting(asked: Any) -> User:
    """Return who acts, given a request or a form."""
    user: User = getattr(asked, "actor", None) or asked.user
    return user


def said(problem: GatehouseError | ValidationError) -> list[str]:
    """What is wrong, field by field, or else in one sentence."""
    if isinstance(problem, ValidationError):
        return list(problem.messages)
    return [str(text) for texts in problem.fields.values() for text in texts] or [str(problem)]


class RoleChoice(forms.ModelMultipleChoiceField[Role]):
    """Roles with their rank, highest first."""

    def label_from_instance(self, obj: Any) -> str:
        return str(_("%(name)s (rank %(rank)d)") % {"name": obj, "rank": obj.rank})


class DepartmentChoice(forms.ModelMultipleChoiceField[Department]):
    """Departments as the tree they are."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{chr(0x2003) * obj.tree_depth}{obj.name}"


class UserForm(ServiceForm[User]):
    """A person's data and roles."""

    # longer than what is kept: people write spaces
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=phones.LONGEST,
        empty_value=None,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "tel"}),
        help_text=_("Numbers of other countries with + and the country's code."),
    )
    roles = RoleChoice(
        Role.objects.select_related("group"),
        label=_("Roles"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Only roles up to your own rank can be given or taken."),
    )

    class Meta:
        model = User
        fields = PROFILE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" not in self.fields:
            return
        choices: Any = self.fields["roles"]
        if not self.actor.is_superuser:
            choices.queryset = choices.queryset.filter(rank__lte=self.actor.rank)
        if self.instance.pk:
            self.initial["roles"] = [role.pk for role in self.instance.roles]

    def write(self) -> User:
        changes = self.changes()
        roles = self.chosen_roles() if "roles" in self.changed_data else None
        user = services.update_user(by=acting(self), user=self.instance, roles=roles, **changes)
        return self.with_picture(user)

    def changes(self) -> dict[str, Any]:
        """What was changed, in the service's words."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in people.FIELDS}

    def chosen_roles(self) -> list[Role]:
        """The roles the person is to have: those chosen, and those the actor may not touch."""
        choices: Any = self.fields["roles"]
        offered = set(choices.queryset.values_list("pk", flat=True))
        kept = [role for role in self.instance.roles if role.pk not in offered] if self.instance.pk else []
        return [*self.cleaned_data["roles"], *kept]

    def with_picture(self, user: User) -> User:
        """Set the picture that was uploaded, or take away the one that was cleared."""
        if "avatar" not in self.changed_data:
            return user
        return services.set_avatar(user=user, file=self.cleaned_data["avatar"] or None)


class NewUserForm(UserForm):
    """A new person; without a password they cannot sign in until one is set."""

    password1 = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to set one later: until then the person cannot sign in."),
    )
    password2 = forms.CharField(
        label=_("Password, again"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["must_change_password"] = True  # whoever types it here knows it

    def clean_password2(self) -> str:
        first, second = self.cleaned_data.get("password1") or "", self.cleaned_data.get("password2") or ""
        if first != second:
            raise forms.ValidationError(_("The two passwords are not the same."))
        return str(second)

    def write(self) -> User:
        fields = {name: self.cleaned_data[name] for name in people.FIELDS if name in self.cleaned_data}
        user = services.create_user(
            by=acting(self), password=self.cleaned_data["password2"] or None, roles=self.cleaned_data["roles"], **fields
        )
        return self.with_picture(user)

    def add_error(self, field: Any, error: Any) -> None:
        super().add_error("password1" if field == "password" else field, error)


ROLE_FIELDS = ("key", "name", "rank", "permissions", "second_factor_required", "scope", "departments")


class RoleForm(ServiceForm[Role]):
    """A role: its name, key, rank, and what it permits."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=UnfoldAdminTextInputWidget)
    rank = forms.IntegerField(
        label=_("Rank"),
        min_value=0,
        max_value=32767,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("A higher rank may change, sign out and disable people of lower rank, never the reverse."),
    )
    permissions = forms.ModelMultipleChoiceField(
        grantable(), label=_("Permissions"), required=False, widget=PermissionMatrix
    )

    scope = forms.ChoiceField(
        label=_("People in reach"),
        choices=lambda: [(value, capfirst(label)) for value, label in Role.Scope.choices],
        initial=Role.Scope.ALL,
        required=False,
        widget=UnfoldAdminRadioSelectWidget,
        help_text=_("Whom its holders may see and act on. Who has several roles reaches what any of them reaches."),
    )
    departments = DepartmentChoice(
        Department.objects.without_tree_fields(),
        label=_("Departments in reach"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("With all departments below them, also those that come later."),
    )

    class Meta:
        model = Role
        fields = ("key", "rank", "second_factor_required", "scope", "departments")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["name"] = self.instance.group.name
            self.initial["departments"] = list(self.instance.departments.values_list("pk", flat=True))
            self.initial["permissions"] = list(self.instance.group.permissions.values_list("pk", flat=True))
        if "departments" in self.fields:
            departments: Any = self.fields["departments"]
            departments.queryset = Department.objects.with_tree_fields()
        if "permissions" in self.fields:
            matrix: Any = self.fields["permissions"].widget
            matrix.holder = self.actor

    def clean_scope(self) -> str:
        # who posts a form without the choice leaves it as it is
        return str(self.cleaned_data["scope"] or self.instance.scope)

    def write(self) -> Role:
        wanted = {name: self.cleaned_data[name] for name in ROLE_FIELDS}
        if self.instance.pk:
            return services.update_role(by=acting(self), role=self.instance, **wanted)
        return services.create_role(by=acting(self), **wanted)
