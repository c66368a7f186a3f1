"""The buttons above a list of the back office that lead to its imports and exports."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from integrations.sheets import pages, services
from integrations.sheets.models import ExportJob
from integrations.sheets.resources import SheetResource, resource_class
from project.core.admin import Either, is_from_here, list_query
from project.core.errors import GatehouseError


class SheetButtons(Either):
    """Mixin for the list of a model with a resource: import and export, for whoever may.

    A page names them among its `actions_list`.
    """

    sheet_resource: ClassVar[str]
    sheet_buttons: ClassVar = ("import_rows", "export_rows", "choose_columns")

    def _sheets(self, request: HttpRequest) -> SheetResource:
        return resource_class(self.sheet_resource)(actor=request.user)

    def has_import_rows_permission(self, request: HttpRequest) -> bool:
        return self._sheets(request).may_import()

    def has_export_rows_permission(self, request: HttpRequest) -> bool:
        return self._sheets(request).may_export()

    @action(description=gettext_lazy("Import"), icon="upload", permissions=["import_rows"])
    def import_rows(self, request: HttpRequest) -> HttpResponse:
        return redirect(f"{reverse('admin:sheets_importjob_add')}?{urlencode({'resource': self.sheet_resource})}")

    @action(description=gettext_lazy("Export"), icon="download", permissions=["export_rows"])
    def export_rows(self, request: HttpRequest) -> Any:
        """Download what the list shows; a long list is written in the background, and its page shows how far it is."""
        if not is_from_here(request):
            return self.choose_columns(request)  # nothing is started by a link on somebody else's page
        try:
            answer = services.export_list(
                resource=self.sheet_resource,
                by=request.user,
                columns=services.default_columns(request.user, self.sheet_resource),
                filters=pages.filters_of(list_query(request)),
            )
        except GatehouseError as problem:
            messages.error(
                request, " ".join(text for texts in problem.fields.values() for text in texts) or str(problem)
            )
            return redirect(request.headers["Referer"])
        return redirect("admin:sheets_exportjob_change", answer.pk) if isinstance(answer, ExportJob) else answer

    @action(description=gettext_lazy("Choose columns"), icon="view_column", permissions=["export_rows"])
    def choose_columns(self, request: HttpRequest) -> HttpResponse:
        query: Any = list_query(request)
        query["resource"] = self.sheet_resource
        return redirect(f"{reverse('admin:sheets_exportjob_add')}?{query.urlencode()}")
