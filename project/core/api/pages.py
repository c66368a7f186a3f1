"""Pagination: `{count, next, previous, results}`, `?page=` and `?page_size=`."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from project.core import errors


class Pages(PageNumberPagination):
    """Numbered pages; a page that is not there is 10008, a page size that cannot be is 10000."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        """Return the size asked for.

        :raises InvalidParameters: unless it is between 1 and the largest.
        """
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return self.page_size
        if given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= self.max_page_size:
            return int(given)
        sentence = _("Enter a whole number from 1 to {most}.").format(most=self.max_page_size)
        raise errors.InvalidParameters(fields={self.page_size_query_param: [sentence]})

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Return the page's rows.

        :raises NotFound: when there is no such page.
        """
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except NotFound as problem:
            raise errors.NotFound(_("There is no such page.")) from problem


def paged(rows: Any, request: Request, kind: type[BaseSerializer[Any]]) -> Response:
    """Answer with the page of `rows` that was asked for, each told by `kind`: of a list, a query, or what counts and slices.

    The view has `pagination_class = Pages`, for the schema.
    """
    pages = Pages()
    return pages.get_paginated_response(kind(pages.paginate_queryset(rows, request), many=True).data)
