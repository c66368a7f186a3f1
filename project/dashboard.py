"""The admin's own pages: dashboard, health, the sidebar's live counts, and what shows when the server is away."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import keys as signing_keys
from accounts.admin import (
    by_phone,
    devices,
    forgotten,
    impersonation,
    keys,
    lockouts,
    machines,
    own_phone,
    passwords,
    second_factor,
)
from integrations.jenkins.admin import approvals, equipment, queue
from integrations.jenkins.models import Server
from project import feed, figures, health, history, queues, search, sidebar, texts


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the index page's context what the person who asks may see."""
    watches = request.user.has_perm("auditlog.view_logentry")
    return context | {
        "title": _("Dashboard"),
        "figures": figures.figures(request),
        "texts": texts.figures(request),
        "refusing": texts.trouble(request),
        "sign_ins": figures.sign_ins(request),
        "countries": figures.countries(request),
        "addresses": figures.addresses(request),
        "failures": figures.failures(request),
        "nodes": figures.nodes(request),
        "feed": feed.latest(request) if feed.sources(request) else None,
        "failing": [str(one.label) for one in health.probe() if not one.ok] if watches else [],
        "servers_down": _servers_down(request),
        "late": queues.late() if watches else [],
        "old_key_days": signing_keys.days_of_old() if request.user.has_perm("accounts.view_signingkey") else None,
    }


def _servers_down(request: HttpRequest) -> list[str]:
    """The Jenkins servers that do not answer, for those who have to do with them."""
    if not request.user.has_perm("jenkins.view_server"):
        return []
    return list(Server.objects.enabled().exclude(stale_since=None).values_list("name", flat=True))


def page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    """Answer with a page inside the admin's frame."""
    return TemplateResponse(request, template, admin.site.each_context(request) | {"title": title} | context)


@require_GET
def health_page(request: HttpRequest) -> HttpResponse:
    """Show whether what this node stands on answers, and whether work piles up."""
    if not request.user.has_perm("auditlog.view_logentry"):
        raise PermissionDenied
    return page(
        request,
        "gatehouse/health.html",
        _("Health"),
        probes=health.probe(),
        queues=queues.waiting(),
        keys=keys.standing_of_rotation(),
        checked_at=timezone.localtime(),
    )


@require_GET
def pulse(request: HttpRequest) -> HttpResponse:
    """Answer the sidebar's live counts."""
    return JsonResponse(sidebar.counts(request), headers={"Cache-Control": "no-store"})


@require_GET
def away_script(request: HttpRequest) -> HttpResponse:
    """Answer the script that shows our own page while the server cannot be reached."""
    return render(request, "gatehouse/away.js", content_type="text/javascript; charset=utf-8")


@require_GET
def away(request: HttpRequest) -> HttpResponse:
    """Answer the page shown while the server cannot be reached."""
    return render(request, "errors/offline.html")


def inside(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only staff in, as every admin page does."""
    return admin.site.admin_view(view)


pages: list[URLPattern | URLResolver] = [
    path("devices/", inside(devices.show), name="devices"),
    path("devices/end/", inside(devices.end), name="end_device"),
    path("sign-in-safety/", inside(second_factor.safety), name="safety"),
    path("phone/", inside(own_phone.show), name="phone"),
    path("second-step/", second_factor.second_step_page, name="second_step"),
    path("forgot-password/", forgotten.forgotten, name="forgotten"),
    path("forgot-password/sms/", by_phone.reset, name="forgotten_by_sms"),
    path("sms-sign-in/", by_phone.sign_in, name="sms_sign_in"),
    path("new-password/", forgotten.choose, name="new_password"),
    path("tokens/", inside(machines.show), name="tokens"),
    path("tokens/revoke/", inside(machines.revoke), name="revoke_token"),
    path("impersonation/end/", impersonation.end, name="end_impersonation"),
    path("locked-out/", inside(lockouts.show), name="locked_out"),
    path("locked-out/unlock/", inside(lockouts.unlock), name="unlock"),
    path("jenkins/approvals/", inside(approvals.show), name="jenkins_approvals"),
    path("jenkins/queue/", inside(queue.show), name="jenkins_queue"),
    path("jenkins/queue/<int:pk>/", inside(queue.part), name="jenkins_queue_of"),
    path("jenkins/queue/<int:pk>/<int:number>/cancel/", inside(queue.cancel), name="jenkins_queue_cancel"),
    path("jenkins/queue/<int:pk>/cancel-all/", inside(queue.cancel_all), name="jenkins_queue_cancel_all"),
    re_path(
        "^jenkins/server/(?P<pk>[0-9]+)/(?P<what>machines|plugins)/$", inside(equipment.show), name="jenkins_machines"
    ),
    path("health/", inside(health_page), name="health"),
    path("pulse/", inside(pulse), name="pulse"),
    path("away.js", away_script, name="away_script"),
    path("away/", away, name="away"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("search/", inside(search.search)),
    path("<slug:app_label>/<slug:model_name>/<path:object_id>/history/", inside(history.show)),
    path("login/", second_factor.sign_in, name="own_sign_in"),
    path("password_change/", inside(passwords.change_own), name="own_password"),
    path("", include((pages, "dashboard"))),
]
