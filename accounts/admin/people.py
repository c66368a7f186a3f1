"""Users: the list, the form, and what staff may do to people below their rank."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts import scope, services
from accounts.admin import rights, shown
from accounts.admin.bulk import BulkActions
from accounts.admin.ending import end
from accounts.admin.filters import LeftFilter, RoleFilter, SecondFactorFilter
from accounts.admin.forms import NewUserForm, UserForm, acting
from accounts.admin.impersonation import begin
from accounts.admin.leaving import LeavingActions
from accounts.admin.letting_in import LettingInActions
from accounts.admin.rows import EventRows, SessionRows
from accounts.admin.step_up import RecentSignInAdmin
from accounts.impersonation.state import MAY, has_access, may_act_as
from accounts.models import LoginSession, User
from accounts.models.people import with_phone
from integrations.sheets.buttons import SheetButtons
from project.core.admin import ago

ANSWERED_BY_SUPERUSERS = ("is_staff", "is_superuser")


@admin.register(User)
class UserAdmin(SheetButtons, BulkActions, LettingInActions, LeavingActions, RecentSignInAdmin[User]):
    """People."""

    sheet_resource = "users"
    form = UserForm
    add_form = NewUserForm
    inlines = (SessionRows, EventRows)
    list_display = (
        "shown_person",
        "shown_department",
        "shown_roles",
        "shown_status",
        "shown_factor",
        "phone",
        "shown_last_login",
    )
    list_display_links = ("shown_person",)
    list_filter = (
        "is_active",
        "is_staff",
        LeftFilter,
        RoleFilter,
        SecondFactorFilter,
        ("department", AutocompleteSelectFilter),
        "gender",
        "is_superuser",
    )
    list_select_related = ("department", "second_factor")
    search_fields = User.SEARCHED
    search_help_text = gettext_lazy("Name, user name, phone or mail address")
    ordering = ("username",)
    actions_list = SheetButtons.sheet_buttons
    actions_detail = (
        "rights",
        "impersonate",
        "set_password",
        "end_sessions_of_one",
        {
            "title": gettext_lazy("More"),
            "icon": "more_horiz",
            "items": ("invite", "remove_second_factor", "leave", "anonymise"),
        },
    )
    autocomplete_fields = ("department", "manager")
    readonly_fields = (
        "shown_status",
        "shown_factor",
        "shown_last_login",
        "date_joined",
        "shown_password_since",
        "shown_phone_state",
    )
    empty_state = gettext_lazy(
        "Add people one by one, or import a workbook: its columns are matched by their headings."
    )
    fieldsets = (
        (
            gettext_lazy("Person"),
            {"fields": (("username", "real_name"), ("nickname", "gender"), ("phone", "email"), "avatar")},
        ),
        (gettext_lazy("Place"), {"fields": (("department", "manager"),)}),
        (gettext_lazy("Rights"), {"fields": ("roles", ("is_active", "is_staff", "is_superuser"))}),
        (gettext_lazy("Password"), {"fields": (("must_change_password", "shown_password_since"),)}),
        (gettext_lazy("Preferences"), {"fields": (("language", "time_zone"),)}),
        (
            gettext_lazy("History"),
            {"fields": (("shown_status", "shown_factor"), ("shown_last_login", "date_joined"), "shown_phone_state")},
        ),
    )
    add_fieldsets = (
        *fieldsets[:3],
        (gettext_lazy("Password"), {"fields": (("password1", "password2"), "must_change_password")}),
        fieldsets[4],
    )

    # --- list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return scope.people(request.user).prefetch_related("groups__role__group")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        found, doubled = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(with_phone(search_term)), doubled

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        online = shown.online_among(found.result_list)
        for one in found.result_list:
            one.is_online = one.pk in online
        return found

    @display(description=gettext_lazy("Person"), ordering="username")
    def shown_person(self, user: Any) -> SafeString:
        return shown.person(user, online=getattr(user, "is_online", False))

    @display(description=gettext_lazy("Department"), ordering="department__name")
    def shown_department(self, user: User) -> Any:
        return user.department

    @display(description=gettext_lazy("Roles"))
    def shown_roles(self, user: User) -> SafeString:
        return shown.roles(group.name for group in user.groups.all() if hasattr(group, "role"))

    @display(description=gettext_lazy("Status"), ordering="is_active")
    def shown_status(self, user: User) -> SafeString:
        return shown.status(user)

    @display(description=gettext_lazy("Second factor"))
    def shown_factor(self, user: User) -> SafeString:
        return shown.factor(user)

    @display(description=gettext_lazy("Codes by text message"))
    def shown_phone_state(self, user: User) -> SafeString:
        return shown.phone(user)

    @display(description=gettext_lazy("Last sign-in"), ordering=F("last_login").asc(nulls_first=True))
    def shown_last_login(self, user: User) -> SafeString:
        return ago(user.last_login)

    @display(description=gettext_lazy("Password since"), ordering="password_changed_at")
    def shown_password_since(self, user: User) -> SafeString:
        return ago(user.password_changed_at)

    # --- who may ---

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        gone = obj is not None and obj.anonymised_at is not None
        return not gone and request.user.has_perm("accounts.change_user", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.delete_user", obj)

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.end_loginsession")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        mine = super().get_readonly_fields(request, obj)
        return mine if request.user.is_superuser else (*mine, *ANSWERED_BY_SUPERUSERS)

    # --- form ---

    def is_dangerous(self, request: HttpRequest, obj: Any) -> bool:
        before = obj.is_superuser if obj else False
        return bool(request.user.is_superuser) and before != bool(request.POST.get("is_superuser"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)  # people are switched off, or deleted one by one
        return found

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, _missing, protected = super().get_deleted_objects(objs, request)
        # sessions and sign-ins go with the person; nobody has permission to delete those by themselves
        return listed, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.delete_user(user=obj, by=acting(request))

    # --- buttons and actions ---

    @action(description=gettext_lazy("End sessions"), icon="key_off", url_path="end-sessions", permissions=["end"])
    def end_sessions_of_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._below(request, object_id, "accounts.end_loginsession")
        live = list(LoginSession.objects.live().filter(user=user).select_related("user"))
        return end(self, request, live) or redirect("admin:accounts_user_change", user.pk)

    @action(description=gettext_lazy("Rights"), icon="shield_question", url_path="rights", permissions=["rights"])
    def rights(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        return rights.show(request, user)

    def has_rights_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(rights.NEEDED)

    @action(
        description=gettext_lazy("Act as…"), icon="theater_comedy", url_path="impersonate", permissions=["impersonate"]
    )
    def impersonate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return begin(request, self._below(request, object_id, MAY))

    def has_impersonate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        subject = self.get_object(request, str(object_id))
        person = acting(request)
        return subject is not None and has_access(subject, LoginSession.Scope.ADMIN) and may_act_as(person, subject)
