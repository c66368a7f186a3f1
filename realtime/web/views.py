"""The console: a page that opens a socket and shows what travels."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from realtime import topics
from realtime.shapes import Shapes, fields
from realtime.transport.handshake import MSGPACK, SUBPROTOCOL
from realtime.web import texts


@require_GET
def console(request: HttpRequest) -> HttpResponse:
    """Show the console; sending to others is for those who may."""
    may_send = request.user.has_perm("realtime.send")
    about: dict[str, Any] = {
        "socket": "/ws/",
        "ticket": "/api/v1/auth/ticket",
        "messages": reverse("realtime-messages"),
        "guests": settings.GATEWAY_ALLOW_GUESTS,
        "maySend": may_send,
        "wanted": _wanted(),
        "texts": texts.of_console(),
    }
    context = admin.site.each_context(request) | {
        "title": _("Console"),
        "about": about,
        "may_send": may_send,
        "subprotocols": [(SUBPROTOCOL, _("JSON, as text")), (MSGPACK, _("MessagePack, as bytes")), ("", _("none"))],
        "is_fullwidth": True,
    }
    return TemplateResponse(request, "realtime/console.html", context)


def _wanted() -> dict[str, Any]:
    """Return what each topic wants as its data: the fields, and an example."""
    shapes = Shapes()
    asked = {one.name: one.schema for one in topics.registered() if one.schema}
    sent = {name: shapes.sent(schema) for name, schema in asked.items()}
    known = shapes.collected()
    return {
        name: {"fields": [asdict(one) for one in fields(sent[name], known)], "example": shapes.example(schema)}
        for name, schema in asked.items()
    }
