"""What waits in the queues of servers. The page stands at once; each server is asked by a request of its own."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from integrations.jenkins import rights, services
from integrations.jenkins.admin.jobs import live
from integrations.jenkins.models import Build, Server
from project.core.admin import Confirmed, ago, confirmation
from project.core.errors import GatehouseError

CANCEL_ALL = "jenkins.stop_build"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; its script asks for each server's queue."""
    _ensure_may(request)
    address = reverse("dashboard:jenkins_queue_of", args=(0,))
    shown = {
        "title": _("Queue"),
        "parts": [(one, address.replace("/0/", f"/{one.pk}/")) for one in Server.objects.enabled().order_by("name")],
        "empty": _("No server is switched on."),
        "again": 5,
        "about": live(),
    }
    return TemplateResponse(request, "jenkins/parts.html", admin.site.each_context(request) | shown)


@require_GET
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask one server for its queue, as far as the person who asks may see the jobs."""
    _ensure_may(request)
    server = get_object_or_404(Server.objects.enabled(), pk=pk)
    shown: dict[str, Any] = {"server": server, "may_cancel_all": request.user.has_perm(CANCEL_ALL)}
    try:
        waiting = services.queue_of(server, by=request.user)
        shown["lines"] = [_line(one, request.user) for one in waiting]
    except GatehouseError as problem:
        shown["problem"] = str(problem)
    return TemplateResponse(request, "jenkins/queue_part.html", shown, headers={"Cache-Control": "no-store"})


@require_POST
def cancel(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Take one item out of a queue; the service knows who may."""
    _ensure_may(request)
    server = get_object_or_404(Server.objects.enabled(), pk=pk)
    try:
        services.cancel_item(server, number, by=request.user)
    except GatehouseError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("It does not wait any more."))
    return redirect("dashboard:jenkins_queue")


def cancel_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take out everything that the person who asks may."""
    _ensure_may(request)
    if not request.user.has_perm(CANCEL_ALL):
        raise PermissionDenied
    server = get_object_or_404(Server.objects.enabled(), pk=pk)
    back = reverse("dashboard:jenkins_queue")
    page: Any = admin.site.get_model_admin(Build)
    answer = confirmation(
        page, request, [], question=_("Empty the queue of {server}").format(server=server.name), touched=[server.url],
        button=_("Cancel all"), back=back,
        note=_("Everything that waits there is cancelled, whoever asked for it, as far as you may."),
    )  # fmt: skip
    if not isinstance(answer, Confirmed):
        return answer
    try:
        n = len(services.cancel_all(server, by=request.user))
    except GatehouseError as problem:
        messages.error(request, str(problem))
    else:
        told = ngettext("%(n)d build was cancelled.", "%(n)d builds were cancelled.", n) % {"n": n}
        messages.success(request, told)
    return redirect(back)


def _ensure_may(request: HttpRequest) -> None:
    if not request.user.has_perm(rights.PERMISSIONS["view"]):
        raise PermissionDenied


def _line(waiting: services.Waiting, user: Any) -> dict[str, Any]:
    person = waiting.asked_by
    return {
        "item": waiting.item,
        "job": waiting.job,
        "build": waiting.build,
        "who": person.get_full_name() if person else waiting.item.by,
        "since": ago(waiting.item.since),
        "may_cancel": services.may_cancel(waiting, user),
    }
