"""Exports in the back office: what was taken out, and a page on which each is started and followed."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.sheets import pages, services
from integrations.sheets.admin.jobs import JobAdmin
from integrations.sheets.errors import LinkTooOld, NotInThisState
from integrations.sheets.forms import ExportForm
from integrations.sheets.models import ExportJob
from integrations.sheets.resources import SheetResource
from project.core.admin import DASH, ago
from project.core.errors import GatehouseError, NotFound


@admin.register(ExportJob)
class ExportJobAdmin(JobAdmin):
    """Exports: what was taken out, and the files that wait for whoever asked for them."""

    list_display = (
        "shown_file", "shown_resource", "shown_state", "done", "created_by", "shown_created", "shown_download",
    )  # fmt: skip
    search_fields = ("file_name", "created_by__username")
    empty_state = gettext_lazy("No export yet. Start one here or from a list; the file waits for you for a week.")
    template = "sheets/export.html"

    def may(self, resource: SheetResource) -> bool:
        return resource.may_export()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file)
        return [path("<uuid:pk>/file/<str:link>/", view, name="sheets_exportjob_file"), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        for job in found.result_list:
            job.link = pages.link_of(job, request.user)
        return found

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        choices = self.offered(request.user)
        if not choices:
            raise PermissionDenied
        wanted = request.GET.get("resource") or choices[0][0]
        if "forget" in request.POST:
            services.column_sets(request.user, wanted).filter(pk=pages.number(request.POST["forget"])).delete()
            return HttpResponseRedirect(request.get_full_path())
        form = ExportForm(
            request.POST or None,
            resources=choices,
            columns=pages.export_columns(wanted, request.user),
            initial={"resource": wanted, "columns": pages.columns_at_first(wanted, request.user, request.GET)},
        )
        if request.method == "POST" and form.is_valid():
            try:
                answer: HttpResponse = self._started(request, form.cleaned_data)
                return answer
            except GatehouseError as problem:
                form.add_error(None, [text for texts in problem.fields.values() for text in texts] or str(problem))
        shown = {"form": form} | pages.asked_for(wanted, request.user, request.GET)
        return self.page(request, "sheets/export_new.html", _("Export"), shown)

    def _started(self, request: HttpRequest, given: dict[str, Any]) -> Any:
        resource, columns = given["resource"], given["columns"]
        if given["save_as"]:
            services.save_columns(
                by=request.user,
                resource=resource,
                name=given["save_as"],
                columns=columns,
                is_default=given["is_default"],
            )
        filters = pages.filters_of(request.GET)
        answer = services.export_list(
            resource=resource, by=request.user, columns=columns, filters=filters, kind=given["format"]
        )
        return HttpResponseRedirect(self.address(answer)) if isinstance(answer, ExportJob) else answer

    def page_of(self, request: HttpRequest, job: ExportJob) -> dict[str, Any]:
        return super().page_of(request, job) | pages.of_export(job, request.user)

    def file(self, request: HttpRequest, pk: Any, link: str) -> Any:
        """Hand out the file to who asked for it; an old link leads to the page with a new one."""
        job = self.found(request, pk)
        try:
            return services.download(job, by=request.user, link=link)
        except (LinkTooOld, NotInThisState) as problem:
            messages.warning(request, str(problem))
            return HttpResponseRedirect(self.address(job))
        except NotFound as problem:
            raise Http404 from problem

    def step_cancel(self, request: HttpRequest, job: ExportJob) -> None:
        services.cancel_export(job, by=request.user)

    @admin.display(description=gettext_lazy("file"), ordering="file_name")
    def shown_file(self, job: ExportJob) -> str:
        return job.file_name or (_("being written") if job.state in ExportJob.CLAIMABLE else DASH)

    @admin.display(description=gettext_lazy("available until"), ordering="expires_at")
    def shown_download(self, job: Any) -> SafeString:
        if not job.link:
            return SafeString(DASH)
        return format_html('<a class="gh-link" href="{}">{}</a> · {}', job.link, _("Download"), ago(job.expires_at))
