"""What waits for a second person: for me, and what of mine waits for others."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from integrations.jenkins import looks, rights, services
from integrations.jenkins.admin.jobs import live
from integrations.jenkins.models import Build
from integrations.jenkins.pages.builds import shown_parameters
from project.core.admin import ago

MOST = 100
LATELY = 10
RELATED = ("job", "server", "created_by", "decided_by", "approver_role")


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person who asks, and what they decided lately."""
    user: Any = request.user
    if not may(user):
        raise PermissionDenied
    waiting = services.waiting_for(user).select_related(*RELATED).order_by("created_at")[:MOST]
    mine = Build.objects.waiting().filter(created_by=user.pk).select_related(*RELATED).order_by("created_at")[:MOST]
    decided = Build.objects.filter(decided_by=user.pk).select_related(*RELATED).order_by("-decided_at")[:LATELY]
    shown = {
        "title": _("Approvals"),
        "waiting": [_line(one) for one in waiting],
        "mine": [_line(one) for one in mine],
        "decided": [_line(one) for one in decided],
        "about": live(),
    }
    template = "jenkins/approvals_body.html" if "part" in request.GET else "jenkins/approvals.html"
    return TemplateResponse(request, template, admin.site.each_context(request) | shown)


def may(user: Any) -> bool:
    """Whether the page is of use to `user`."""
    return bool(user.has_perm(rights.PERMISSIONS["approve"]) or user.has_perm(rights.PERMISSIONS["build"]))


def _line(build: Build) -> dict[str, Any]:
    return {
        "build": build,
        "state": looks.state(build),
        "who": build.created_by.get_full_name() if build.created_by else _("The schedule"),
        "asked": ago(build.created_at),
        "until": ago(build.expires_at) if build.expires_at else "",
        "decided": ago(build.decided_at) if build.decided_at else "",
        "parameters": shown_parameters(build),
    }
