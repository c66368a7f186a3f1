"""My devices: where I am signed in, and how to end what I do not know."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import sessions
from accounts.admin import shown
from accounts.admin.forms import acting
from accounts.models import LoginEvent, LoginSession
from project.core import context
from project.core.admin import ago
from realtime import watches

EVENTS_SHOWN = 10


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List the sessions and latest sign-ins of the person who asks."""
    live = list(LoginSession.objects.live().filter(user=request.user.pk).order_by("-last_seen_at"))
    watched = watches.watched_sessions([one.sid for one in live])
    events = LoginEvent.objects.filter(user=request.user.pk)[:EVENTS_SHOWN]
    here = own_sid()
    page = admin.site.each_context(request) | {
        "title": _("My devices"),
        "devices": [_line(one, here) | {"watched": one.sid in watched} for one in live],
        "others": sum(one.sid != here for one in live),
        "events": [
            (shown.outcome(one), one, shown.place(one), shown.program(one), ago(one.created_at)) for one in events
        ],
    }
    return TemplateResponse(request, "gatehouse/devices.html", page)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one of the own sessions, or all but this one."""
    sid = request.POST.get("sid", "")
    if sid == "others":
        here = LoginSession.objects.filter(sid=own_sid(), user=request.user.pk).first()
        number = sessions.end_all(acting(request), reason=LoginSession.Reason.LOGOUT, actor=acting(request), keep=here)
        messages.success(
            request,
            ngettext("Signed out of %(n)d other device.", "Signed out of %(n)d other devices.", number) % {"n": number},
        )
        return redirect("dashboard:devices")
    session = LoginSession.objects.live().filter(sid=sid, user=request.user.pk).first()
    if session is None:
        raise Http404
    sessions.end(session, reason=LoginSession.Reason.LOGOUT, actor=acting(request))
    if sid == own_sid():
        logout(request)
        return redirect("admin:login")
    messages.success(request, _("%(device)s is signed out.") % {"device": shown.device_name(session)})
    return redirect("dashboard:devices")


def own_sid() -> str:
    """Return the id of the session this request came with."""
    now = context.current()
    return now.user.session_id if now and now.user else ""


def _line(session: LoginSession, here: str) -> dict[str, Any]:
    return {
        "session": session,
        "shown": shown.device(session),
        "seen": ago(session.last_seen_at),
        "since": ago(session.created_at),
        "place": shown.place(session),
        "until": ago(session.runs_out_at),
        "renewals": shown.renewals(session),
        "here": session.sid == here,
    }
