"""What happened to one thing: its part of the audit trail, for every model of the admin."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import history
from project import events
from project.core.admin import ago

SHOWN = 50


@require_GET
def show(request: HttpRequest, app_label: str, model_name: str, object_id: str) -> HttpResponse:
    """List the audit entries about one row, newest first, for those who may see the row."""
    try:
        model = apps.get_model(app_label, model_name)
        page = admin.site.get_model_admin(model)
    except (LookupError, NotRegistered) as problem:
        raise Http404 from problem
    try:
        row = page.get_object(request, object_id)
    except ValidationError as problem:
        raise Http404 from problem
    if row is None:
        raise Http404
    if not page.has_view_or_change_permission(request, row):
        raise PermissionDenied
    found = Paginator(history.of(row), SHOWN).get_page(request.GET.get("p"))
    changed = history.changed(list(found)) if history.may_see_values(request.user, row) else {}
    context = admin.site.each_context(request) | {
        "title": _("History"),
        "opts": model._meta,
        "original": row,
        "entries": [
            (
                events.look_of(one),
                events.who(one),
                events.reason_of(one),
                ago(one.timestamp),
                one,
                changed.get(one.pk, []),
            )
            for one in found
        ],
        "page_obj": found,
        "may_open": request.user.has_perm("auditlog.view_logentry"),
    }
    return TemplateResponse(request, "gatehouse/history.html", context)
