"""Departments, shown as the tree they are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.views import ChangeList

from accounts import services, tree
from accounts.admin import department_tree
from accounts.admin.ending import EndsSessionsOfDepartments
from accounts.admin.forms import acting
from accounts.models import Department
from integrations.sheets.buttons import SheetButtons
from project.core.admin import ServiceAdmin, ServiceForm


class TreeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """A list in the order of the tree, each row knowing its depth and its people."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found: list[Department] = list(self.result_list)  # type: ignore[has-type]  # set by get_results
        places = {one.pk: (place, one.depth) for place, one in enumerate(tree.departments())}
        counted = tree.counted(request.user, active_only=True)
        for one in found:
            one.depth = places[one.pk][1]
            one.counted = counted.get(one.pk, tree.NOBODY)
        self.result_list = sorted(found, key=lambda one: places[one.pk][0])


class DepartmentForm(ServiceForm[Department]):
    """A department and its place in the tree."""

    class Meta:
        model = Department
        fields = ("name", "parent", "head")

    def write(self) -> Department:
        changes = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
        if self.instance.pk:
            return services.update_department(by=acting(self), department=self.instance, **changes)
        return services.create_department(by=acting(self), **changes)


@admin.register(Department)
class DepartmentAdmin(SheetButtons, EndsSessionsOfDepartments, ServiceAdmin[Department]):
    """The organisation."""

    sheet_resource = "departments"
    form = DepartmentForm
    list_display = ("shown_name", "shown_head", "shown_people", "shown_all_people")
    list_display_links = ("shown_name",)
    list_select_related = ("head",)
    list_per_page = 1000
    search_fields = ("name",)
    sortable_by = ()
    autocomplete_fields = ("parent", "head")
    fields = ("name", "parent", "head")
    actions_list = ("arrange", *SheetButtons.sheet_buttons)
    empty_state = gettext_lazy("Departments say who belongs together; people, exports and messages can follow them.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.change_department", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.delete_department", obj)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TreeList

    def delete_model(self, request: HttpRequest, obj: Department) -> None:
        services.delete_department(by=acting(request), department=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Department]) -> None:
        for one in queryset:
            services.delete_department(by=acting(request), department=one)

    @display(description=gettext_lazy("Department"))
    def shown_name(self, department: Any) -> SafeString:
        depth = getattr(department, "depth", 0)
        return format_html(
            '<span class="gh-tree" style="--depth: {}"><span class="material-symbols-outlined" aria-hidden="true">{}'
            '</span><span class="gh-strong">{}</span></span>',
            depth,
            "subdirectory_arrow_right" if depth else "domain",
            department.name,
        )

    @display(description=gettext_lazy("Head"))
    def shown_head(self, department: Department) -> Any:
        return department.head.get_full_name() if department.head else None

    @display(description=gettext_lazy("Active people"))
    def shown_people(self, department: Any) -> SafeString:
        url = reverse("admin:accounts_user_changelist")
        query = f"department__id__exact={department.pk}&is_active__exact=1"
        return format_html('<a class="gh-link" href="{}?{}">{}</a>', url, query, department.counted.own)

    @display(description=gettext_lazy("With those below"))
    def shown_all_people(self, department: Any) -> Any:
        return department.counted.all

    @action(description=gettext_lazy("Arrange"), icon="account_tree", url_path="arrange", permissions=["change"])
    def arrange(self, request: HttpRequest) -> HttpResponse:
        return department_tree.arrange(request)
