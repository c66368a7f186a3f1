"""What the list of text messages is filtered by."""

from datetime import datetime, time
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter

from integrations.sms import looks
from integrations.sms.models import Message


class TimeFilter(RangeDateTimeFilter):  # type: ignore[misc]  # unfold has no types
    """Between two moments by the reader's clock; a day without a time is the whole day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        bounds = {}
        for box, lookup, empty in (("from", "gte", time.min), ("to", "lte", time.max)):
            day = self.used_parameters.get(f"{self.parameter_name}_{box}_0")
            at = self.used_parameters.get(f"{self.parameter_name}_{box}_1") or empty.isoformat()
            if day and (moment := _moment(f"{day}T{at}")):
                bounds[f"{self.parameter_name}__{lookup}"] = moment
        return queryset.filter(**bounds)


def _moment(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.fromisoformat(text))
    except ValueError:
        return None


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
