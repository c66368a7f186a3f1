"""What the pages of imports and exports have in common."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.sheets import services
from integrations.sheets.models import SheetJob
from integrations.sheets.progress import about
from integrations.sheets.resources import SheetResource, resource_class
from project.core.admin import ModelAdmin, Tone, ago, badge, row_or_404
from project.core.errors import GatehouseError

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
        return row_or_404(self.get_queryset(request), pk)

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
