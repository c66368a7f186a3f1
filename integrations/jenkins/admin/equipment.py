"""The machines and plugins of a server: pages that stand at once, and ask the server by a request of their own."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.jenkins import services
from integrations.jenkins.admin.jobs import live
from integrations.jenkins.models import Server
from integrations.jenkins.services.machines import MANAGE, SEE
from project.core.errors import GatehouseError

READ: dict[str, Callable[..., Any]] = {"machines": services.nodes_of, "plugins": services.plugins_of}


def show(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Show the page, answer its part, or do what was pressed on it."""
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    server = get_object_or_404(Server, pk=pk)
    if request.method == "POST":
        return _act(request, server, what)
    if "part" in request.GET:
        return _part(request, server, what)
    here = reverse("dashboard:jenkins_machines", args=(server.pk, what))
    titles = {"machines": _("Machines of {server}"), "plugins": _("Plugins of {server}")}
    shown = {
        "title": titles[what].format(server=server.name),
        "parts": [(server, f"{here}?part=1")],
        "what": what,
        "again": 0,
        "about": live(),
    }
    return TemplateResponse(request, "jenkins/parts.html", admin.site.each_context(request) | shown)


def _part(request: HttpRequest, server: Server, what: str) -> HttpResponse:
    shown: dict[str, Any] = {"server": server, "what": what, "may_manage": request.user.has_perm(MANAGE)}
    try:
        shown["lines"] = READ[what](server, by=request.user)
    except GatehouseError as problem:
        shown["problem"] = str(problem)
    return TemplateResponse(request, f"jenkins/{what}_part.html", shown, headers={"Cache-Control": "no-store"})


def _act(request: HttpRequest, server: Server, what: str) -> HttpResponse:
    given, by = request.POST, request.user
    name = given.get("name", "").strip()
    executors = given.get("executors", "")
    acts: dict[tuple[str, str], Callable[[], Any]] = {
        ("machines", "add"): lambda: services.create_node(
            server,
            name=name,
            by=by,
            labels=given.get("labels", "").strip(),
            executors=int(executors) if executors.isdecimal() and len(executors) < 4 else 1,
        ),
        ("machines", "remove"): lambda: services.delete_node(server, name=name, by=by),
        ("plugins", "add"): lambda: services.install_plugin(
            server, name=name, version=given.get("version", "").strip() or "latest", by=by
        ),
        ("plugins", "remove"): lambda: services.uninstall_plugin(server, name=name, by=by),
    }
    act = acts.get((what, given.get("act", "")))
    if act is None or not by.has_perm(MANAGE):
        raise PermissionDenied
    if given.get("act") == "remove" and given.get("typed", "") != name:
        messages.error(request, _("Type its name to remove it: {name}").format(name=name))
        return redirect("dashboard:jenkins_machines", server.pk, what)
    try:
        act()
    except GatehouseError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Jenkins does it."))
    return redirect("dashboard:jenkins_machines", server.pk, what)
