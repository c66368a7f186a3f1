"""What the list of builds is filtered by."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from integrations.jenkins.models import Build


class GoingFilter(admin.SimpleListFilter):
    """Builds that are not over, those that are, or one's own."""

    title = gettext_lazy("which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", gettext_lazy("not over")),
            ("over", gettext_lazy("over")),
            ("mine", gettext_lazy("my own")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                return queryset.exclude(state__in=Build.FINAL)
            case "over":
                return queryset.filter(state__in=Build.FINAL)
            case "mine":
                return queryset.filter(created_by=request.user.pk)
        return queryset
