"""The buttons above a list of the back office that lead to its imports and exports."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from integrations.sheets.resources import SheetResource, resource_class
from project.core.admin import Either, list_query


class SheetButtons(Either):
    """Mixin for the list of a model with a resource: import and export, for whoever may.

    A page names the two among its `actions_list`.
    """

    sheet_resource: ClassVar[str]

    def _resource(self, request: HttpRequest) -> SheetResource:
        return resource_class(self.sheet_resource)(actor=request.user)

    def has_import_rows_permission(self, request: HttpRequest) -> bool:
        return self._resource(request).may_import()

    def has_export_rows_permission(self, request: HttpRequest) -> bool:
        return self._resource(request).may_export()

    @action(description=gettext_lazy("Import"), icon="upload", permissions=["import_rows"])
    def import_rows(self, request: HttpRequest) -> HttpResponse:
        return redirect(f"{reverse('admin:sheets_importjob_add')}?{urlencode({'resource': self.sheet_resource})}")

    @action(description=gettext_lazy("Export"), icon="download", permissions=["export_rows"])
    def export_rows(self, request: HttpRequest) -> HttpResponse:
        query: Any = list_query(request)
        query["resource"] = self.sheet_resource
        return redirect(f"{reverse('admin:sheets_exportjob_add')}?{query.urlencode()}")
