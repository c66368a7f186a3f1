"""Imports in the back office: a list, and a page on which each is started and followed."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.sheets import memory, pages, services
from integrations.sheets.admin.jobs import JobAdmin
from integrations.sheets.forms import UploadForm
from integrations.sheets.models import ImportJob
from integrations.sheets.resources import SheetResource
from project.core.errors import GatehouseError


@admin.register(ImportJob)
class ImportJobAdmin(JobAdmin):
    """Imports."""

    list_display = ("shown_file", "shown_resource", "shown_state", "shown_result", "created_by", "shown_created")
    search_fields = ("file_name", "created_by__username")
    empty_state = gettext_lazy(
        "No import yet. Upload a workbook: it is checked first, and nothing changes until you confirm."
    )
    template = "sheets/import.html"

    def may(self, resource: SheetResource) -> bool:
        return resource.may_import()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        choices = self.offered(request.user)
        if not choices:
            raise PermissionDenied
        wanted = request.GET.get("resource") or choices[0][0]
        form = UploadForm(request.POST or None, request.FILES or None, resources=choices, initial={"resource": wanted})
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                job = services.start_import(by=request.user, **form.cleaned_data)
                return HttpResponseRedirect(self.address(job))
            except GatehouseError as problem:
                form.add_error("file", str(problem))
                status = problem.status
        shown = {
            "form": form,
            "columns": pages.known_columns(wanted, request.user),
            "matches": pages.matches(wanted, request.user),
            "forget_url": reverse("admin:sheets_importjob_forget", args=[wanted]),
            "template_url": f"{reverse('import-template')}?{urlencode({'resource': wanted})}",
            "largest": filesizeformat(settings.IMPORT_MAX_BYTES),
            "most": f"{settings.IMPORT_MAX_ROWS:,}",
        }
        return self.page(request, "sheets/upload.html", _("Import"), shown, status)

    def get_urls(self) -> list[URLPattern]:
        forget = self.admin_site.admin_view(require_POST(self.forget))
        return [path("forget/<slug:resource>/", forget, name="sheets_importjob_forget"), *super().get_urls()]

    def forget(self, request: HttpRequest, resource: str) -> HttpResponse:
        """Forget what was matched by hand."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        memory.forget(request.user, resource)
        return HttpResponseRedirect(f"{reverse('admin:sheets_importjob_add')}?{urlencode({'resource': resource})}")

    def page_of(self, request: HttpRequest, job: ImportJob) -> dict[str, Any]:
        return super().page_of(request, job) | pages.of_import(job, request.GET)

    def step_confirm(self, request: HttpRequest, job: ImportJob) -> HttpResponse | None:
        if page := self._asks_for_proof(request, job):
            return page
        mode = "valid" if request.POST.get("mode") == "valid" else ""
        services.confirm(job, by=request.user, mode=mode, invite="invite" in request.POST)
        return None

    def _asks_for_proof(self, request: HttpRequest, job: ImportJob) -> HttpResponse | None:
        if not services.needs_proof(job):
            return None
        asks: Callable[[HttpRequest], HttpResponse | None] = import_string(settings.SHEET_PROOF_PAGE)
        return asks(request)

    def step_cancel(self, request: HttpRequest, job: ImportJob) -> None:
        services.cancel(job, by=request.user)

    def step_match_anew(self, request: HttpRequest, job: ImportJob) -> None:
        services.match_anew(job, by=request.user)

    def step_undo(self, request: HttpRequest, job: ImportJob) -> HttpResponse | None:
        if page := self._asks_for_proof(request, job):
            return page
        mode = request.POST.get("mode", "")
        services.undo(job, by=request.user, mode=mode if mode in ImportJob.Undo.values else ImportJob.Undo.CHECK)
        return None

    def step_map(self, request: HttpRequest, job: ImportJob) -> None:
        chosen = {
            key.removeprefix("column-"): str(value) or None
            for key, value in request.POST.items()
            if key.startswith("column-")
        }
        services.remap(job, mapping=chosen, by=request.user)

    @admin.display(description=gettext_lazy("file"), ordering="file_name")
    def shown_file(self, job: ImportJob) -> str:
        return str(job)

    @admin.display(description=gettext_lazy("rows"))
    def shown_result(self, job: ImportJob) -> SafeString:
        return format_html('<span class="gh-nowrap">{}</span>', pages.in_a_word(job))
