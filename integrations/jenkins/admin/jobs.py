"""Jobs: the tree of folders, live, and each job's page, where builds are asked for."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.jenkins import looks, rights, services, telling
from integrations.jenkins.admin import configuring, viewing
from integrations.jenkins.forms import ApprovalForm, BuildForm
from integrations.jenkins.models import Build, Job, Server
from integrations.jenkins.pages import jobs as job_pages
from integrations.jenkins.pages import tree
from project.core.admin import ModelAdmin, ReadOnlyAdmin, row_or_404
from project.core.errors import GatehouseError
from realtime.transport.handshake import SUBPROTOCOL

NOBODY = UUID(int=0)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin, ModelAdmin[Job]):
    """What there is to build."""

    search_fields = ("full_name",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(rights.PERMISSIONS["view"]))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> Any:
        return rights.jobs_of(request.user, "view")

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("<int:pk>/approval/", inside(require_POST(self.approval_view)), name="jenkins_job_approval"),
            path("views/<int:pk>/", inside(require_GET(self.views_view)), name="jenkins_job_views"),
            path("views/<int:pk>/new/", inside(viewing.new), name="jenkins_view_new"),
            *configuring.urls(inside),
            *super().get_urls(),
        ]

    # --- the tree ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = request.GET.get("server", "")
        servers = Server.objects.order_by("name")
        shown: dict[str, Any] = {
            "title": _("Jobs"),
            "opts": self.opts,
            "is_fullwidth": True,
            "trees": tree.of(request.user, server=chosen),
            "servers": servers,
            "chosen": chosen,
            "about": live(statuses=looks.statuses()),
            "is_superuser": request.user.is_superuser,
            "may_configure": request.user.has_perm(rights.PERMISSIONS["configure"]),
            "may_make_views": rights.tops_of(request.user, "configure", servers),
        }
        template = "jenkins/jobs_body.html" if "part" in request.GET else "jenkins/jobs.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | shown)

    def views_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the views of a server as JSON, for the tree to be narrowed by; none where it does not answer."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        server = get_object_or_404(Server.objects.enabled(), pk=pk)
        try:
            found = services.views_of(server, by=request.user)
        except GatehouseError:
            found = []
        told = [{"name": one.name, "jobs": one.jobs} for one in found if one.jobs]
        return JsonResponse({"views": told}, headers={"Cache-Control": "no-store"})

    # --- one job ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self._found(request, object_id)
        form = self._form(request, job)
        if form is not None and form.is_bound and form.is_valid() and (build := self._asked(request, job, form)):
            return redirect("admin:jenkins_build_change", build.pk)
        shown = job_pages.of(job, request.user) | {
            "title": job.full_name,
            "opts": self.opts,
            "form": form,
            "approval": self._approval(request, job),
            "about": live(statuses=looks.statuses()),
            "lines": self._inside(request, job),
        }
        return TemplateResponse(request, "jenkins/job.html", self.admin_site.each_context(request) | shown)

    def _form(self, request: HttpRequest, job: Job) -> BuildForm | None:
        if job.is_folder or not rights.may(request.user, "build", job):
            if request.method == "POST":
                raise PermissionDenied
            return None
        last = services.last_given(job, by=request.user)
        started: dict[str, Any] = {}
        if (again := self._again(request, job)) is not None:
            last = {**last, **again.parameters}
            started = {"reason": again.reason, "notify_sms": again.notify_sms}
        bound: tuple[Any, ...] = (request.POST, request.FILES) if request.method == "POST" else ()
        return BuildForm(
            *bound, job=job, last=last, has_phone=bool(getattr(request.user, "phone", "")), initial=started
        )

    def _again(self, request: HttpRequest, job: Job) -> Build | None:
        asked = request.GET.get("again", "")
        try:
            return Build.objects.filter(job=job, pk=UUID(asked)).first() if asked else None
        except ValueError:
            return None

    def _asked(self, request: HttpRequest, job: Job, form: BuildForm) -> Build | None:
        given = form.cleaned_data
        try:
            build = services.ask(
                job=job,
                by=request.user,
                given=form.given(),
                reason=given["reason"],
                notify_sms=given.get("notify_sms", False),
                key=given["key"],
            )
        except GatehouseError as problem:
            form.refuse(problem.fields)
            if not form.errors:
                form.add_error(None, str(problem))
            return None
        waits = build.state == Build.State.REQUESTED
        messages.success(request, _("It waits for a second person.") if waits else _("The build is on its way."))
        return build

    # --- a second person ---

    def _approval(self, request: HttpRequest, job: Job) -> ApprovalForm | None:
        if not request.user.is_superuser:
            return None
        started = {"needed": job.needs_approval, "role": job.approver_role_id, "hours": job.approval_hours}
        return ApprovalForm(initial=started, prefix="approval")

    def approval_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say whether builds of a job, or in a folder, want a second person."""
        job = self._found(request, pk)
        form = ApprovalForm(request.POST, prefix="approval")
        if form.is_valid():
            given = form.cleaned_data
            try:
                services.want_approval(
                    job, needed=given["needed"], role=given["role"], hours=given["hours"], by=request.user
                )
            except GatehouseError as problem:
                messages.error(request, str(problem))
            else:
                messages.success(request, _("Saved."))
        else:
            messages.error(request, _("Give the hours as a number from 1 to 8760."))
        return redirect(reverse("admin:jenkins_job_change", args=(job.pk,)))

    def _inside(self, request: HttpRequest, job: Job) -> list[tree.Line]:
        if not job.is_folder:
            return []
        found = tree.of(request.user, server=str(job.server_id), folder=job.full_name)
        return [one for each in found for one in each.lines if one.folder == job.full_name]

    def _found(self, request: HttpRequest, pk: Any) -> Job:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("server", "approver_role")
        found: Job = row_or_404(rows, pk)
        return found


def live(**more: Any) -> dict[str, Any]:
    """What the scripts of live pages need to listen, and to tell a person what concerns them."""
    return {
        "socket": "/ws/",
        "subprotocol": SUBPROTOCOL,
        "groups": [telling.JOBS, telling.BUILDS],
        "notices": {
            "url": reverse("admin:jenkins_build_change", args=(NOBODY,)).replace(str(NOBODY), "{id}"),
            "states": looks.states(),
            "asked": _("waits for your decision"),
            "close": _("Close"),
        },
        **more,
    }
