"""Imports and exports in the back office: lists, and a page on which each is started and followed."""

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.sheets import memory, pages, services
from integrations.sheets.errors import LinkTooOld, NotInThisState
from integrations.sheets.forms import ExportForm, UploadForm
from integrations.sheets.models import ExportJob, ImportJob, SheetJob
from integrations.sheets.progress import about
from integrations.sheets.resources import SheetResource, resource_class
from project.core.admin import DASH, ModelAdmin, Tone, ago, badge
from project.core.errors import GatehouseError, NotFound

TONES: dict[str, Tone] = {
    "queued": "info",
    "reading": "live",
    "writing": "live",
    "importing": "live",
    "ready": "warn",
    "done": "ok",
    "failed": "bad",
    "cancelled": "idle",
    "undoing": "live",
    "undone": "idle",
}


class JobAdmin(ModelAdmin[Any]):
    """What the pages of imports and exports have in common. One sees one's own; a superuser sees everybody's."""

    ordering = ("-created_at",)
    list_filter = ("state",)
    list_disable_select_all = True
    actions = None
    template: ClassVar[str]

    def may(self, resource: SheetResource) -> bool:
        """Tell whether the resource's actor may do here what this page is for."""
        raise NotImplementedError

    def offered(self, user: Any) -> list[tuple[str, Any]]:
        """The resources somebody may import or export, by name and title."""
        found = ((name, resource_class(name)(actor=user)) for name in sorted(settings.SHEET_RESOURCES))
        return [(name, capfirst(str(resource.title))) for name, resource in found if self.may(resource)]

    def get_queryset(self, request: HttpRequest) -> Any:
        return services.visible(self.model, request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.offered(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_add_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        name = self.model._meta.model_name
        own = [
            path("<uuid:pk>/progress/", self.admin_site.admin_view(self.progress), name=f"sheets_{name}_progress"),
            path(
                "<uuid:pk>/do/<slug:step>/",
                self.admin_site.admin_view(require_POST(self.step)),
                name=f"sheets_{name}_step",
            ),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.found(request, object_id)
        shown = self.page_of(request, job)
        template = self.template.replace(".html", "_body.html") if "part" in request.GET else self.template
        return self.page(request, template, capfirst(str(self.model._meta.verbose_name)), {"job": job, **shown})

    def page_of(self, request: HttpRequest, job: Any) -> dict[str, Any]:
        """What the job's own page shows."""
        return {"state": badge(job.get_state_display(), TONES[job.state])}

    def progress(self, request: HttpRequest, pk: Any) -> JsonResponse:
        """What a page without a socket asks now and then."""
        return JsonResponse(about(self.found(request, pk)))

    def step(self, request: HttpRequest, pk: Any, step: str) -> HttpResponse:
        """Confirm, cancel, map: one call each; what goes wrong is said on the page."""
        job = self.found(request, pk)
        taken = getattr(self, f"step_{step}", None)
        if taken is None:
            raise PermissionDenied
        answer: HttpResponse | None = None
        try:
            answer = taken(request, job)
        except GatehouseError as problem:
            messages.error(request, str(problem))
        return answer or HttpResponseRedirect(self.address(job))

    def found(self, request: HttpRequest, pk: Any) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = self.model._meta.pk.to_python(pk)
        return get_object_or_404(self.get_queryset(request), pk=key)

    def address(self, job: SheetJob) -> str:
        return reverse(f"admin:sheets_{self.model._meta.model_name}_change", args=[job.pk])

    def page(
        self, request: HttpRequest, template: str, title: str, shown: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.model._meta} | shown
        return TemplateResponse(request, template, context, status=status)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown_state(self, job: Any) -> SafeString:
        return badge(job.get_state_display(), TONES[job.state])

    @admin.display(description=gettext_lazy("what"))
    def shown_resource(self, job: SheetJob) -> str:
        return (
            capfirst(str(resource_class(job.resource).title))
            if job.resource in settings.SHEET_RESOURCES
            else job.resource
        )

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def shown_created(self, job: SheetJob) -> SafeString:
        return ago(job.created_at)


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
        return job.file_name or _("being written")

    @admin.display(description=gettext_lazy("available until"), ordering="expires_at")
    def shown_download(self, job: Any) -> SafeString:
        if not job.link:
            return SafeString(DASH)
        return format_html('<a class="gh-link" href="{}">{}</a> · {}', job.link, _("Download"), ago(job.expires_at))
