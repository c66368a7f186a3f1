"""Departments, shown as the tree they are."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList

from accounts import services
from accounts.admin.forms import acting
from accounts.models import Department
from project.core.admin import ServiceAdmin, ServiceForm


class TreeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """A list in the order of the tree, each row knowing its depth."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found: list[Department] = list(self.result_list)  # type: ignore[has-type]  # set by get_results
        self.result_list = in_tree_order(found)


def in_tree_order(found: list[Any]) -> list[Any]:
    """Sort `found` as the whole tree is sorted and give each its depth."""
    places: dict[int, tuple[int, int]] = {}
    for place, one in enumerate(Department.objects.with_tree_fields()):
        places[one.pk] = (place, getattr(one, "tree_depth", 0))
    for one in found:
        one.depth = places[one.pk][1]
    return sorted(found, key=lambda one: places[one.pk][0])


class DepartmentForm(ServiceForm[Department]):
    """A department and its place in the tree."""

    class Meta:
        model = Department
        fields = ("name", "parent", "head", "position")

    def write(self) -> Department:
        changes = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
        if self.instance.pk:
            return services.update_department(by=acting(self), department=self.instance, **changes)
        return services.create_department(by=acting(self), **changes)


@admin.register(Department)
class DepartmentAdmin(ServiceAdmin[Department]):
    """The organisation."""

    form = DepartmentForm
    list_display = ("shown_name", "shown_head", "shown_people", "position")
    list_display_links = ("shown_name",)
    list_select_related = ("head",)
    list_per_page = 1000
    search_fields = ("name",)
    sortable_by = ()
    autocomplete_fields = ("parent", "head")
    fields = ("name", "parent", "head", "position")
    empty_state = gettext_lazy("Departments say who belongs together; people, exports and messages can follow them.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Department]:
        people = Count("people", filter=Q(people__is_active=True))
        found: QuerySet[Department] = super().get_queryset(request).annotate(active_people=people)
        return found

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
    def shown_people(self, department: Any) -> Any:
        return department.active_people
