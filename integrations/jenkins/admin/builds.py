"""Builds: the list, each one's page, and what is done with one: decide, stop, run again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from integrations.jenkins import looks, rights, services
from integrations.jenkins.admin.filters import GoingFilter
from integrations.jenkins.admin.jobs import live
from integrations.jenkins.downloads import artifact_file, log_file
from integrations.jenkins.models import Build
from integrations.jenkins.numbers import number_in
from integrations.jenkins.pages import builds as pages
from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, ago, confirmation, row_or_404
from project.core.errors import GatehouseError

APPROVE, REJECT = "approve", "reject"


@admin.register(Build)
class BuildAdmin(ReadOnlyAdmin, ModelAdmin[Build]):
    """Every build that was asked for, and what came of it."""

    list_display = ("shown_build", "shown_state", "shown_who", "shown_reason", "shown_took", "shown_when")
    list_display_links = ("shown_build",)
    list_filter = (GoingFilter, "state", "server", ("created_at", RangeDateTimeFilter))
    list_select_related = ("job", "server", "created_by")
    search_fields = ("job__full_name", "reason", "created_by__username", "created_by__real_name", "number")
    ordering = ("-created_at",)
    empty_state = gettext_lazy(
        "No build was asked for yet. Open a job and press “Build”: who wanted it, why, and what came of it is kept here."
    )

    class Media:
        css = {"all": ("jenkins/jenkins.css",)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(rights.PERMISSIONS["view"]))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> Any:
        return rights.builds_of(request.user, "view")

    # --- list ---

    @display(description=gettext_lazy("Build"), ordering="job__full_name")
    def shown_build(self, build: Build) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{}</span></span>',
            build,
            build.server.name,
        )

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, build: Build) -> SafeString:
        return looks.state(build)

    @display(description=gettext_lazy("Asked by"), ordering="created_by__username")
    def shown_who(self, build: Build) -> Any:
        return build.created_by.get_full_name() if build.created_by else None

    @display(description=gettext_lazy("Reason"))
    def shown_reason(self, build: Build) -> Any:
        return format_html('<span class="jk-why">{}</span>', build.reason) if build.reason else None

    @display(description=gettext_lazy("Duration"), ordering="milliseconds")
    def shown_took(self, build: Build) -> Any:
        return looks.took(build.milliseconds) or None

    @display(description=gettext_lazy("Asked for"), ordering="created_at")
    def shown_when(self, build: Build) -> SafeString:
        return ago(build.created_at)

    # --- one build ---

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("<uuid:pk>/decide/", inside(require_POST(self.decide_view)), name="jenkins_build_decide"),
            path("<uuid:pk>/again/", inside(require_POST(self.again_view)), name="jenkins_build_again"),
            path("<uuid:pk>/log/", inside(require_GET(self.log_view)), name="jenkins_build_log"),
            path("<uuid:pk>/log.txt", inside(require_GET(self.download_view)), name="jenkins_build_download"),
            path("<uuid:pk>/artifact/", inside(require_GET(self.artifact_view)), name="jenkins_build_artifact"),
            path("<uuid:pk>/stop/", inside(self.stop_view), name="jenkins_build_stop"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        build = self._found(request, object_id)
        template = "jenkins/build_body.html" if "part" in request.GET else "jenkins/build.html"
        shown = pages.of(build, request.user) | {
            "title": str(build),
            "opts": self.opts,
            "about": live(build=str(build.pk), log=_log(build)),
        }
        return TemplateResponse(request, template, self.admin_site.each_context(request) | shown)

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Approve or reject; the service knows who may."""
        build = self._found(request, pk, "approve")
        reason = request.POST.get("reason", "").strip()
        back = self._back(request, build)
        if request.POST.get("decision") == REJECT and not reason:
            messages.error(request, _("Say why it is rejected: whoever asked for it reads that."))
            return back
        try:
            if request.POST.get("decision") == REJECT:
                services.reject(build, by=request.user, reason=reason)
            elif request.POST.get("decision") == APPROVE:
                services.approve(build, by=request.user, reason=reason)
            else:
                raise Http404
        except GatehouseError as problem:
            messages.error(request, str(problem))
        else:
            done = _("Rejected: {build}") if build.state == Build.State.REJECTED else _("Approved: {build}")
            messages.success(request, done.format(build=build))
        return back

    def again_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The same once more; where something was not kept, the form asks for it."""
        build = self._found(request, pk, "build")
        if services.not_kept(build):
            return redirect(f"{reverse('admin:jenkins_job_change', args=(build.job_id,))}?again={build.pk}#build")
        try:
            again = services.ask_again(build, by=request.user, key=request.POST.get("key", ""))
        except GatehouseError as problem:
            said = [text for texts in problem.fields.get("parameters", {}).values() for text in texts]
            messages.error(request, " ".join([str(problem), *map(str, said)]))
            return redirect("admin:jenkins_build_change", build.pk)
        messages.success(request, _("Asked for once more."))
        return redirect("admin:jenkins_build_change", again.pk)

    def stop_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask, then stop it wherever it is."""
        build = self._found(request, pk, "build")
        back = reverse("admin:jenkins_build_change", args=(build.pk,))
        if build.finished:
            messages.warning(request, _("It is over already."))
            return redirect(back)
        answer = confirmation(
            self, request, [], question=_("Stop {build}").format(build=build), touched=[looks.state(build)],
            button=_("Stop the build"), back=back,
            note=_("It is withdrawn, taken out of the queue, or stopped while it runs: wherever it is."),
        )  # fmt: skip
        if not isinstance(answer, Confirmed):
            return answer
        try:
            services.stop(build, by=request.user)
        except GatehouseError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("It is being stopped."))
        return redirect(back)

    def log_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Answer a part of the log, as JSON: what follows `start`, or what stands before `before` ("end": the last part)."""
        build = self._found(request, pk)
        before, start = request.GET.get("before", ""), request.GET.get("start", "")
        try:
            if before:
                told = services.earlier_log_part(build, number_in(before))
            else:
                told = services.log_part(build, number_in(start) or 0)
        except GatehouseError as problem:
            return JsonResponse({"error": {"code": problem.code, "message": str(problem)}}, status=problem.status)
        return JsonResponse(told, headers={"Cache-Control": "no-store"})

    def download_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Send the whole log as a file."""
        build = self._found(request, pk)
        try:
            return log_file(request, build)
        except GatehouseError as problem:
            messages.error(request, str(problem))
            return redirect("admin:jenkins_build_change", build.pk)

    def artifact_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Send a file that the build left."""
        build = self._found(request, pk)
        try:
            return artifact_file(request, build, request.GET.get("path", ""))
        except GatehouseError as problem:
            messages.error(request, str(problem))
            return redirect("admin:jenkins_build_change", build.pk)

    def _back(self, request: HttpRequest, build: Build) -> HttpResponse:
        if request.POST.get("next") == "approvals":
            return redirect("dashboard:jenkins_approvals")
        return redirect("admin:jenkins_build_change", build.pk)

    def _found(self, request: HttpRequest, pk: Any, action: str = "view") -> Build:
        if not request.user.has_perm(rights.PERMISSIONS[action]):
            raise PermissionDenied
        rows = rights.builds_of(request.user, action).select_related(
            "job", "server", "created_by", "decided_by", "stopped_by", "schedule", "approver_role"
        )
        return row_or_404(rows, pk)


def _log(build: Build) -> dict[str, Any]:
    """What the script of the log needs: where it is, and its texts."""
    return {
        "url": reverse("admin:jenkins_build_log", args=(build.pk,)),
        "texts": {
            "waiting": _("The log begins when the build does."),
            "empty": _("The log is empty."),
            "live": pgettext("what is shown changes by itself", "live"),
            "complete": _("complete"),
            "away": _("The line is lost; it comes back by itself."),
            "cut": _("The log is longer than what is kept here; Jenkins has the rest."),
            "earlier": _("Earlier lines ({size})"),
            "partial": _(
                "Shown are the newest {shown} of {all}, and only these are searched. The download has what is before them."
            ),
            "tooMuch": _("A page shows {size} at most; what is before that is in the download."),
            "follow": _("Follow"),
            "pause": _("Pause"),
            "found": _("{n} of {all}"),
            "foundHere": _("{n} of {all} in what is shown"),
            "none": _("nothing found"),
            "noneHere": _("nothing found in what is shown"),
            "more": _("New lines: {n}"),
        },
    }
