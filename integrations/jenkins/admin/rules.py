"""Rules: which roles and people a folder is open to. Only superusers write them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.decorators import display

from integrations.jenkins import services
from integrations.jenkins.models import Rule
from project.core.admin import ServiceAdmin, ServiceForm
from project.core.errors import GatehouseError

ACTIONS = ("view", "build", "approve", "configure")


class RuleForm(ServiceForm[Rule]):
    """Where, for whom, and what."""

    class Meta:
        model = Rule
        fields = ("server", "folder", "role", "person", *(f"may_{one}" for one in ACTIONS))

    def write(self) -> Rule:
        try:
            return services.write_rule(self.instance, by=self.actor)
        except GatehouseError as problem:
            if not problem.fields:
                raise
            for name, said in problem.fields.items():
                self.add_error(name if name in self.fields else None, said)
            return self.instance


@admin.register(Rule)
class RuleAdmin(ServiceAdmin[Rule]):
    """Who may do what with which jobs."""

    form = RuleForm
    list_display = ("shown_place", "server", "shown_whom", "shown_what")
    list_display_links = ("shown_place",)
    list_filter = ("server",)
    list_select_related = ("server", "role", "person")
    search_fields = ("folder",)
    autocomplete_fields = ("person",)
    fields = (("server", "folder"), ("role", "person"), ("may_view", "may_build", "may_approve", "may_configure"))
    empty_state = gettext_lazy(
        "No rules: whoever may build by their roles may build every job. A rule opens a folder to a role or a person, "
        "and closes it to everybody else."
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        services.delete_rule(obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for one in queryset:
            self.delete_model(request, one)

    @display(description=gettext_lazy("Folder or job"), ordering="folder")
    def shown_place(self, rule: Rule) -> str:
        return rule.folder or _("the whole server")

    @display(description=gettext_lazy("Open to"))
    def shown_whom(self, rule: Rule) -> str:
        return str(rule.role or rule.person)

    @display(description=gettext_lazy("What it may"))
    def shown_what(self, rule: Rule) -> str:
        comma = pgettext("between the items of a list", ", ")
        return comma.join(str(label_for_field(f"may_{one}", Rule)) for one in ACTIONS if rule.about(one))
