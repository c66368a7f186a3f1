"""Connections and nodes in the admin: live pages over the gateway, without tables behind them."""

import json
import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from project.core.admin import ModelAdmin, ReadOnlyAdmin
from project.core.errors import GatehouseError, InvalidParameters
from realtime import gateway, services
from realtime.api.serializers import DisconnectSerializer, MessageSerializer
from realtime.core.connection import ConnectionInfo
from realtime.devices import device
from realtime.models import Connection, KeptSettings, Node
from realtime.queue import admin as _dead_letters  # noqa: F401 (registers its list)

SHOWN = 300
MAX_CHOSEN = 500


class LivePage(ReadOnlyAdmin, ModelAdmin[Any]):
    """A page that asks the gateway again and again, instead of a list of rows."""

    template = ""
    needed = "realtime.view_connection"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.needed))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        name = f"realtime_{self.opts.model_name}"
        inside = self.admin_site.admin_view
        return [
            path("", inside(self.changelist_view), name=f"{name}_changelist"),
            path("live/", inside(require_GET(self.live)), name=f"{name}_live"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.ensure_may_look(request)
        context = self.admin_site.each_context(request) | {
            "title": str(self.opts.verbose_name_plural).capitalize(),
            "opts": self.opts,
            "is_fullwidth": True,
            "about": self.about(request),
        }
        return TemplateResponse(request, self.template, context | (extra_context or {}))

    def live(self, request: HttpRequest) -> HttpResponse:
        """Answer what the page shows, as JSON."""
        self.ensure_may_look(request)
        try:
            return JsonResponse(self.snapshot(request), headers={"Cache-Control": "no-store"})
        except GatehouseError as problem:
            return _refusal(problem)

    def ensure_may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def about(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the page's script needs."""
        raise NotImplementedError

    def snapshot(self, request: HttpRequest) -> dict[str, Any]:
        """Return what is there at this moment."""
        raise NotImplementedError


@admin.register(Connection)
class ConnectionAdmin(LivePage):
    """Who is connected, from where; disconnect them, or send to them."""

    template = "realtime/connections.html"

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            *super().get_urls(),
            path("disconnect/", inside(require_POST(self.disconnect)), name="realtime_connection_disconnect"),
            path("send/", inside(require_POST(self.send)), name="realtime_connection_send"),
        ]

    def about(self, request: HttpRequest) -> dict[str, Any]:
        sees_users = request.user.has_perm("accounts.view_user")
        return {
            "live": reverse("admin:realtime_connection_live"),
            "disconnect": reverse("admin:realtime_connection_disconnect"),
            "send": reverse("admin:realtime_connection_send"),
            "user": reverse("admin:accounts_user_change", args=[0]) if sees_users else "",
            "mayDisconnect": request.user.has_perm("realtime.disconnect"),
            "maySend": request.user.has_perm("realtime.send"),
            "texts": _texts(),
        }

    def snapshot(self, request: HttpRequest) -> dict[str, Any]:
        everybody = services.connections(by=request.user)
        words = request.GET.get("q", "")[:200].lower().split()
        found = [one for one in everybody if all(word in _searchable(one) for word in words)]
        found.sort(key=_order(request.GET.get("sort", "")))
        people = {one["user_id"] for one in everybody} - {0}
        return {
            "rows": [{**one, "device": device(one["user_agent"])} for one in found[:SHOWN]],
            "matched": len(found),
            "total": len(everybody),
            "people": len(people),
        }

    def disconnect(self, request: HttpRequest) -> HttpResponse:
        """Close chosen sockets, each under the rank guard; tell how many, and why others stay."""
        if not request.user.has_perm("realtime.disconnect"):
            raise PermissionDenied
        try:
            ids, asked = _chosen(request)
            reading = DisconnectSerializer(data=asked)
            reading.is_valid(raise_exception=True)
            reason = reading.validated_data["reason"]
            problems = [problem for one in ids if (problem := _disconnected(one, request, reason))]
        except Exception as problem:  # noqa: BLE001 (the one envelope for every failure, as in the API)
            return _answer(problem)
        closed = len(ids) - len(problems)
        said = ngettext("%(n)d socket was disconnected.", "%(n)d sockets were disconnected.", closed) % {"n": closed}
        return JsonResponse({"message": " ".join([said, *dict.fromkeys(problems)]), "done": closed})

    def send(self, request: HttpRequest) -> HttpResponse:
        """Push one message to chosen sockets."""
        if not request.user.has_perm("realtime.send"):
            raise PermissionDenied
        try:
            ids, asked = _chosen(request)
            reading = [MessageSerializer(data={**asked, "to": {"connection": one}}) for one in ids]
            for one in reading:
                one.is_valid(raise_exception=True)
            for one in reading:
                services.send(by=request.user, **one.validated_data)
        except Exception as problem:  # noqa: BLE001 (as above)
            return _answer(problem)
        said = ngettext("Sent to %(n)d socket.", "Sent to %(n)d sockets.", len(ids)) % {"n": len(ids)}
        return JsonResponse({"message": said, "done": len(ids)})


@admin.register(Node)
class NodeAdmin(LivePage):
    """The processes that serve sockets."""

    template = "realtime/nodes.html"

    def about(self, request: HttpRequest) -> dict[str, Any]:
        return {"live": reverse("admin:realtime_node_live"), "texts": _texts()}

    def snapshot(self, request: HttpRequest) -> dict[str, Any]:
        return {"rows": sorted(gateway.nodes(), key=lambda one: (str(one.get("host")), one.get("pid", 0)))}


@admin.register(KeptSettings)
class KeptSettingsAdmin(ReadOnlyAdmin, ModelAdmin[KeptSettings]):
    """What connections set, kept for their users' next ones; to delete it is to start afresh."""

    list_display = ("user", "values", "changed_at", "seen_at")
    search_fields = ("user__username",)
    list_select_related = ("user",)
    ordering = ("-seen_at",)
    empty_state = gettext_lazy("With GATEWAY_KEEP_SETTINGS=true, what a connection sets waits here for the next one.")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.filter(pk__in=services.people_seen(request.user, rows.values_list("pk", flat=True)))


def _disconnected(connection_id: str, request: HttpRequest, reason: str) -> str:
    try:
        services.disconnect(connection_id=connection_id, by=request.user, reason=reason)
    except GatehouseError as problem:
        return str(problem)
    return ""


def _chosen(request: HttpRequest) -> tuple[list[str], dict[str, Any]]:
    try:
        asked = json.loads(request.body)
        ids = asked.pop("ids")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidParameters from None
    if not isinstance(ids, list) or not 0 < len(ids) <= MAX_CHOSEN or not all(isinstance(one, str) for one in ids):
        raise InvalidParameters(fields={"ids": [_("Choose 1 to {limit} sockets.").format(limit=MAX_CHOSEN)]})
    return list(dict.fromkeys(ids)), asked


def _searchable(one: ConnectionInfo) -> str:
    parts = [one["username"], one["name"], one["address"], one["id"], one["user_agent"], *one["groups"]]
    return " ".join(parts).lower()


def _order(sort: str) -> Any:
    match = re.fullmatch(r"(-?)(name|address|since|received|sent|buffered)", sort)
    column, sign = (match[2], -1 if match[1] else 1) if match else ("since", -1)
    if column in {"name", "address"}:
        return lambda one: (str(one[column]).lower(), one["id"])
    return lambda one: (sign * one[column], one["id"])


def _answer(problem: Exception) -> HttpResponse:
    from project.core.api import translated  # noqa: PLC0415 (DRF's settings must be ready)

    error = translated(problem)
    if type(error) is GatehouseError:
        raise problem
    return _refusal(error)


def _refusal(problem: GatehouseError) -> HttpResponse:
    from project.core.api import envelope  # noqa: PLC0415 (as above)

    return JsonResponse(envelope(problem), status=problem.status)


_TEXTS: dict[str, Any] = {
    "guest": gettext_lazy("Guest"),
    "socket": gettext_lazy("1 socket"),
    "sockets": gettext_lazy("{n} sockets"),
    "person": gettext_lazy("1 person"),
    "people": gettext_lazy("{n} people"),
    "figures": gettext_lazy("{sockets} of {people}"),
    "matched": gettext_lazy("{shown} of {matched} shown; type to narrow down"),
    "away": gettext_lazy("Not up to date: {message}"),
    "unanswered": gettext_lazy("the server does not answer"),
    "none": gettext_lazy("Nobody is connected"),
    "noneHint": gettext_lazy("Sockets show up here the moment they open. The console opens one."),
    "noMatch": gettext_lazy("Nothing matches"),
    "noMatchHint": gettext_lazy("Search looks at names, addresses, devices and groups."),
    "chosen": gettext_lazy("{sockets} of {people} chosen"),
    "askDisconnect": gettext_lazy("Disconnect {sockets} of {people}?"),
    "askSend": gettext_lazy("Send to {sockets} of {people}"),
    "ago": gettext_lazy("{time} ago"),
    "now": gettext_lazy("just now"),
    "s": gettext_lazy("{n} s"),
    "min": gettext_lazy("{n} min"),
    "h": gettext_lazy("{n} h"),
    "d": gettext_lazy("{n} d"),
    "badJson": gettext_lazy("This is not JSON: {problem}"),
    "more": gettext_lazy("+{n}"),
    "perSecond": gettext_lazy("{n}/s"),
    "noNodes": gettext_lazy("No process serves sockets"),
    "noNodesHint": gettext_lazy("Start one with “make run”."),
    "choose": gettext_lazy("Choose the socket of {name}"),
}


def _texts() -> dict[str, str]:
    return {key: str(text) for key, text in _TEXTS.items()}
