"""What the list of text messages is filtered by."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from integrations.sms import looks
from integrations.sms.models import Message


class PurposeFilter(admin.SimpleListFilter):
    """Messages of one purpose, of those there are."""

    title = gettext_lazy("purpose")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        found = Message.objects.order_by().values_list("purpose", flat=True).distinct()
        return [(one, looks.purpose(one)) for one in sorted(found)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class CountryFilter(admin.SimpleListFilter):
    """Messages to numbers of one country code, of those there are."""

    title = gettext_lazy("country code")
    parameter_name = "prefix"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Message.objects.order_by().values_list("prefix", flat=True).distinct()
        return [(str(one), f"+{one}") for one in sorted(found)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.value() or ""
        return queryset.filter(prefix=int(code)) if code.isdecimal() and len(code) < 5 else queryset
