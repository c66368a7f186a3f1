"""Lists with phone numbers: whole for who may see them, masked for everybody else, in what is shown and in what is searched."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from integrations.sms import looks, phones


class MaskedPhones:
    """Mixin before ModelAdmin, for models with a `phone`."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)  # type: ignore[misc]  # ModelAdmin's, after this one
        for one in found.result_list:
            one.shown_to = request.user
        found.search_help_text = (
            _("Phone number")
            if request.user.has_perm(looks.VIEW_PHONE)
            else _("The last four digits of the phone number")
        )
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]  # likewise
        if found is not None:
            found.shown_to = request.user
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        digits = phones.part(search_term).removeprefix("+")
        if not search_term.strip():
            return queryset, False
        if not digits:
            return queryset.none(), False
        if request.user.has_perm(looks.VIEW_PHONE):
            return queryset.filter(phone__contains=digits), False
        # more than is shown would let people guess the rest, digit by digit
        return (
            queryset.filter(phone__endswith=digits) if len(digits) <= phones.SHOWN_DIGITS else queryset.none()
        ), False

    @display(description=gettext_lazy("Phone"))
    def shown_phone(self, row: Any) -> SafeString:
        return format_html('<span class="gh-mono">{}</span>', looks.phone(row.phone, row.shown_to))
