"""What lists are narrowed by."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy


class LiveFilter(admin.SimpleListFilter):
    """What is in force, or what is over; for models whose manager knows `live()`."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("live", gettext_lazy("in force")), ("over", gettext_lazy("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        live = queryset.model.objects.live().values("pk")
        match self.value():
            case "live":
                return queryset.filter(pk__in=live)
            case "over":
                return queryset.exclude(pk__in=live)
        return queryset
