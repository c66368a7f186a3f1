"""What lists are narrowed by."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from accounts.models import Role


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


class RoleFilter(admin.SimpleListFilter):
    """People of one role."""

    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.key, str(role)) for role in Role.objects.select_related("group")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(groups__role__key=self.value()) if self.value() else queryset


class SecondFactorFilter(admin.SimpleListFilter):
    """People with a second factor, or without."""

    title = gettext_lazy("second factor")
    parameter_name = "second_factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("set up")), ("no", gettext_lazy("none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(second_factor__confirmed_at__isnull=self.value() == "no")


class LeftFilter(admin.SimpleListFilter):
    """People who have left, with or without a name."""

    title = gettext_lazy("left")
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("yes", gettext_lazy("have left")),
            ("anonymised", gettext_lazy("anonymised")),
            ("no", gettext_lazy("are here")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.filter(left_at__isnull=False)
            case "anonymised":
                return queryset.filter(anonymised_at__isnull=False)
            case "no":
                return queryset.filter(left_at=None)
        return queryset
