"""Roles: who may what, as a table one can read."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext
from unfold.decorators import action, display

from accounts import services
from accounts.admin import rights
from accounts.admin.forms import RoleForm, acting
from accounts.admin.step_up import RecentSignInAdmin
from accounts.models import Role, reach_by
from integrations.sheets.buttons import SheetButtons


@admin.register(Role)
class RoleAdmin(SheetButtons, RecentSignInAdmin[Role]):
    """Roles: a rank and a set of permissions, given to people."""

    sheet_resource = "roles"
    form = RoleForm
    list_display = (
        "shown_name",
        "key",
        "rank",
        "shown_people",
        "shown_permissions",
        "shown_scope",
        "shown_second_factor",
    )
    list_filter = ("scope", "second_factor_required")
    list_display_links = ("shown_name",)
    actions_list = ("side_by_side", *SheetButtons.sheet_buttons)
    list_select_related = ("group",)
    search_fields = ("group__name", "key")
    search_help_text = gettext_lazy("Name or key")
    fieldsets = (
        (None, {"fields": (("name", "key"), "rank", "second_factor_required")}),
        (gettext_lazy("People in reach"), {"fields": ("scope", "departments"), "classes": ("gh-scope",)}),
        (gettext_lazy("Permissions"), {"fields": ("permissions",)}),
    )
    empty_state = gettext_lazy(
        "A role says what its people may do, and its rank over whom. Most houses start with three."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        reached = reach_by(request.user).where("group__user")
        found: QuerySet[Role] = (
            super()
            .get_queryset(request)
            .prefetch_related("departments")
            .annotate(
                people=Count("group__user", filter=Q(group__user__is_active=True) & reached, distinct=True),
                allowed=Count("group__permissions", distinct=True),
            )
        )
        return found

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.change_role", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.delete_role", obj)

    def is_dangerous(self, request: HttpRequest, obj: Any) -> bool:
        before = set(obj.group.permissions.values_list("pk", flat=True)) if obj else set()
        demanded = obj.second_factor_required if obj else False
        permissions = {str(one) for one in before} != set(request.POST.getlist("permissions"))
        reach = (obj.scope, {str(one.pk) for one in obj.departments.all()}) if obj else (Role.Scope.ALL, set())
        asked = (request.POST.get("scope") or reach[0], set(request.POST.getlist("departments")))
        if asked[0] != Role.Scope.CHOSEN:
            asked = (asked[0], set())
        return permissions or reach != asked or demanded != bool(request.POST.get("second_factor_required"))

    @action(description=gettext_lazy("Side by side"), icon="compare", url_path="side-by-side", permissions=["view"])
    def side_by_side(self, request: HttpRequest) -> HttpResponse:
        return rights.side_by_side(request)

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        services.delete_role(by=acting(request), role=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Role]) -> None:
        for one in queryset:
            services.delete_role(by=acting(request), role=one)

    @display(description=gettext_lazy("Role"), ordering="group__name")
    def shown_name(self, role: Role) -> SafeString:
        return format_html('<span class="gh-person-name">{}</span>', role.group.name)

    @display(description=gettext_lazy("Active people"), ordering="people")
    def shown_people(self, role: Any) -> SafeString:
        url = reverse("admin:accounts_user_changelist")
        return format_html('<a class="gh-link" href="{}?role={}">{}</a>', url, role.key, role.people)

    @display(description=gettext_lazy("Permissions"), ordering="allowed")
    def shown_permissions(self, role: Any) -> Any:
        return role.allowed

    @display(description=gettext_lazy("People in reach"), ordering="scope")
    def shown_scope(self, role: Role) -> str:
        if role.scope != Role.Scope.CHOSEN:
            return role.get_scope_display()
        return pgettext("between the items of a list", ", ").join(one.name for one in role.departments.all())

    @display(description=gettext_lazy("Second factor"), ordering="second_factor_required", boolean=True)
    def shown_second_factor(self, role: Role) -> bool:
        return role.second_factor_required
