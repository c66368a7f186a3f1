"""The page where departments are put in order: dragged, or moved by buttons; each move is saved at once."""

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts import services, tree
from accounts.admin.forms import acting
from accounts.errors import TreeHasChanged
from accounts.models import Department
from project.core.errors import GatehouseError, InvalidParameters


def arrange(request: HttpRequest) -> HttpResponse:
    """Show the tree, or carry out one move of it."""
    if request.method == "POST":
        return _moved(request)
    rows = tree.departments()
    counted = tree.counted(request.user, active_only=True)
    context = admin.site.each_context(request) | {
        "title": _("Arrange departments"),
        "opts": Department._meta,
        "rows": [(one, counted.get(one.pk, tree.NOBODY)) for one in rows],
        "version": tree.version(rows),
    }
    return TemplateResponse(request, "gatehouse/department_tree.html", context)


def _moved(request: HttpRequest) -> JsonResponse:
    try:
        asked = _asked(request)
        department = Department.objects.without_tree_fields().filter(pk=asked["department"]).first()
        if department is None:
            raise TreeHasChanged
        services.move_department(
            by=acting(request),
            department=department,
            parent=_named(asked["parent"]),
            after=_named(asked["after"]),
            before=_named(asked["before"]),
            seen=asked["version"],
        )
    except ValidationError as problem:
        return JsonResponse({"message": " ".join(problem.messages), "stale": False}, status=400)
    except GatehouseError as problem:
        stale = isinstance(problem, TreeHasChanged)
        return JsonResponse({"message": str(problem), "stale": stale}, status=problem.status)
    return JsonResponse({"version": tree.version(Department.objects.without_tree_fields())})


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What was posted: ids or null by name, and the version that was seen, which a page always sends."""
    try:
        sent = json.loads(request.body)
        asked = {name: sent.get(name) for name in ("department", "parent", "after", "before")}
        whole = all(value is None or type(value) is int for value in asked.values())
        seen = str(sent["version"])
    except (ValueError, AttributeError, KeyError, TypeError) as problem:
        raise InvalidParameters from problem
    if not whole or asked["department"] is None or not seen:
        raise InvalidParameters
    return asked | {"version": seen}


def _named(pk: int | None) -> Department | None:
    """:raises TreeHasChanged: when there is no such department any more."""
    if pk is None:
        return None
    found: Department | None = Department.objects.without_tree_fields().filter(pk=pk).first()
    if found is None:
        raise TreeHasChanged
    return found
