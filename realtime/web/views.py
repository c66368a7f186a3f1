"""The console: a page that opens a socket and shows what travels."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from realtime.transport.handshake import SUBPROTOCOL
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
        "texts": texts.of_console(),
    }
    context = admin.site.each_context(request) | {
        "title": _("Console"),
        "about": about,
        "may_send": may_send,
        "subprotocols": [(SUBPROTOCOL, _("JSON, as text")), ("", _("none"))],
        "is_fullwidth": True,
    }
    return TemplateResponse(request, "realtime/console.html", context)
