"""Connections and nodes in the admin: live pages over the gateway, without tables behind them."""

import json
import re
from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import display

from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, confirmation
from project.core.errors import GatehouseError, InvalidParameters
from realtime import figures, oversight, services, tap
from realtime.api.serializers import DisconnectSerializer, MessageSerializer, WantedSerializer
from realtime.core.connection import ConnectionInfo
from realtime.devices import device
from realtime.models import Connection, KeptSettings, Node
from realtime.queue import admin as _dead_letters  # noqa: F401 (registers its list)
from realtime.web import texts

PAGE = 100
MAX_CHOSEN = 500
LARGEST_GROUPS = 40
SHOWN_SETTINGS, SHORT = 6, 40
"""Of what a person's connections set, a list shows so many, and so many characters of each."""


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
        return _answered(lambda: self.snapshot(request))

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
    """Who is connected, from where; what one may do to them."""

    template = "realtime/connections.html"

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            *super().get_urls(),
            path("disconnect/", inside(require_POST(self.disconnect)), name="realtime_connection_disconnect"),
            path("send/", inside(require_POST(self.send)), name="realtime_connection_send"),
        ]

    def about(self, request: HttpRequest) -> dict[str, Any]:
        may = request.user.has_perm
        return {
            "live": reverse("admin:realtime_connection_live"),
            "disconnect": reverse("admin:realtime_connection_disconnect"),
            "send": reverse("admin:realtime_connection_send"),
            "one": reverse("realtime-connection", args=["0"]),
            "user": reverse("admin:accounts_user_change", args=[0]) if may("accounts.view_user") else "",
            "socket": "/ws/",
            "subprotocol": "gatehouse.v1",
            "mayDisconnect": may("realtime.disconnect"),
            "maySend": may("realtime.send"),
            "mayChange": may("realtime.change_connection"),
            "mayTap": may("realtime.tap"),
            "tapAgain": tap.LEASE_SECONDS / 2.5,
            "most": MAX_CHOSEN,
            "texts": texts.of_connections(),
        }

    def snapshot(self, request: HttpRequest) -> dict[str, Any]:
        asked = {name: str(value) for name, value in request.GET.items() if value}
        wanted = WantedSerializer(data=asked).wanted()
        everybody = services.connections(by=request.user)
        found = oversight.found(everybody, wanted)
        found.sort(key=_order(asked.get("sort", "")))
        pages = max(1, -(-len(found) // PAGE))
        page = min(max(1, int(asked["page"])), pages) if re.fullmatch(r"\d{1,6}", asked.get("page", "")) else 1
        return {
            "rows": [{**one, "device": device(one["user_agent"])} for one in found[(page - 1) * PAGE : page * PAGE]],
            "matched": len(found),
            "total": len(everybody),
            "people": len({one["user_id"] for one in everybody} - {0}),
            "page": page,
            "pages": pages,
            "per_page": PAGE,
            **_choices(everybody, wanted.group),
        }

    def disconnect(self, request: HttpRequest) -> HttpResponse:
        """Close chosen sockets, each under the rank guard; tell how many, and why others stay."""
        if not request.user.has_perm("realtime.disconnect"):
            raise PermissionDenied
        return _answered(lambda: self._disconnected(request))

    def _disconnected(self, request: HttpRequest) -> dict[str, Any]:
        asked = _asked(request)
        ids = _chosen(asked)
        reading = DisconnectSerializer(data=asked)
        reading.is_valid(raise_exception=True)
        reason = reading.validated_data["reason"]
        problems = [problem for one in ids if (problem := _disconnect(one, request, reason))]
        closed = len(ids) - len(problems)
        said = ngettext("%(n)d socket was disconnected.", "%(n)d sockets were disconnected.", closed) % {"n": closed}
        return {"message": " ".join([said, *dict.fromkeys(problems)]), "done": closed}

    def send(self, request: HttpRequest) -> HttpResponse:
        """Push one message to chosen sockets, or to a group; tell how many took it."""
        if not request.user.has_perm("realtime.send"):
            raise PermissionDenied
        return _answered(lambda: self._sent(request))

    def _sent(self, request: HttpRequest) -> dict[str, Any]:
        asked = _asked(request)
        group = asked.pop("group", None)
        ids = _chosen(asked) if group is None else []
        to = {"connection": ids[0]} if group is None else {"group": group}
        reading = MessageSerializer(data={**asked, "to": to})
        reading.is_valid(raise_exception=True)
        letter = reading.validated_data["letter"]
        if group is not None:
            sent = services.send(by=request.user, letter=letter, receipt=True)
            return _told(sent["delivered"], sent["silent"])
        receipt = oversight.send(by=request.user, connection_ids=ids, letter=letter)
        return _told(receipt.delivered, receipt.silent)


@admin.register(Node)
class NodeAdmin(LivePage):
    """The processes that serve sockets."""

    template = "realtime/nodes.html"

    def about(self, request: HttpRequest) -> dict[str, Any]:
        return {"live": reverse("admin:realtime_node_live"), "texts": texts.of_nodes()}

    def snapshot(self, request: HttpRequest) -> dict[str, Any]:
        return {"rows": figures.nodes()}


@admin.register(KeptSettings)
class KeptSettingsAdmin(ReadOnlyAdmin, ModelAdmin[KeptSettings]):
    """What connections set, kept for their users' next ones; forgotten, those start afresh."""

    list_display = ("user", "shown_values", "changed_at", "seen_at")
    actions = ("forget",)
    search_fields = ("user__username",)
    list_select_related = ("user",)
    ordering = ("-seen_at",)
    empty_state = gettext_lazy("With GATEWAY_KEEP_SETTINGS=true, what a connection sets waits here for the next one.")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.filter(pk__in=services.people_seen(request.user, rows.values_list("pk", flat=True)))

    @display(description=gettext_lazy("Settings"))
    def shown_values(self, row: KeptSettings) -> SafeString:
        shown = [(Truncator(key).chars(SHORT), Truncator(value).chars(SHORT)) for key, value in row.values.items()]
        more = len(shown) - SHOWN_SETTINGS
        first = format_html_join(", ", "<code>{} = {}</code>", shown[:SHOWN_SETTINGS])
        return format_html("<span>{}{}</span>", first, f" +{more}" if more > 0 else "")

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("realtime.delete_keptsettings")

    @admin.action(description=gettext_lazy("Forget…"), permissions=["forget"])
    def forget(self, request: HttpRequest, queryset: QuerySet[KeptSettings]) -> HttpResponse | None:
        """Ask, then forget; open connections keep what they have."""
        number = queryset.count()
        question = ngettext("Forget the settings of %(n)d person", "Forget the settings of %(n)d people", number)
        asked = question % {"n": number}
        answer = confirmation(self, request, queryset, question=asked, touched=list(queryset), button=asked)
        if not isinstance(answer, Confirmed):
            return answer
        for row in queryset:
            services.forget_settings(user_id=row.pk, by=request.user)
        said = ngettext(
            "The settings of %(n)d person are forgotten.", "The settings of %(n)d people are forgotten.", number
        )
        self.message_user(request, said % {"n": number}, messages.SUCCESS)
        return None


def _disconnect(connection_id: str, request: HttpRequest, reason: str) -> str:
    try:
        oversight.disconnect(connection_id=connection_id, by=request.user, reason=reason)
    except GatehouseError as problem:
        return str(problem)
    return ""


def _told(delivered: int, silent: list[str]) -> dict[str, Any]:
    said = [ngettext("%(n)d socket took it.", "%(n)d sockets took it.", delivered) % {"n": delivered}]
    if silent:
        words = ngettext("%(n)d node did not answer.", "%(n)d nodes did not answer.", len(silent))
        said.append(words % {"n": len(silent)})
    return {"message": " ".join(said), "done": delivered}


def _asked(request: HttpRequest) -> dict[str, Any]:
    try:
        asked = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidParameters from None
    if not isinstance(asked, dict):
        raise InvalidParameters
    return asked


def _chosen(asked: dict[str, Any]) -> list[str]:
    ids = asked.pop("ids", None)
    if not isinstance(ids, list) or not 0 < len(ids) <= MAX_CHOSEN or not all(isinstance(one, str) for one in ids):
        raise InvalidParameters(fields={"ids": [_("Choose 1 to {limit} sockets.").format(limit=MAX_CHOSEN)]})
    return list(dict.fromkeys(ids))


def _choices(everybody: list[ConnectionInfo], group: str | None) -> dict[str, Any]:
    """Return what there is to filter by, with the number of sockets of each; the chosen `group` always."""
    groups = Counter(name for one in everybody for name in one["groups"] if not name.startswith("user."))
    named = dict(groups.most_common(LARGEST_GROUPS)) | ({group: groups[group]} if group else {})
    return {
        "kinds": Counter(map(oversight.kind, everybody)),
        "nodes": sorted(Counter(one["node"] for one in everybody).items()),
        "groups": [{"name": name, "members": members} for name, members in named.items()],
    }


def _order(sort: str) -> Any:
    match = re.fullmatch(r"(-?)(name|address|since|received|sent|buffered)", sort)
    column, sign = (match[2], -1 if match[1] else 1) if match else ("since", -1)
    if column in {"name", "address"}:
        return lambda one: (str(one[column]).lower(), one["id"])
    return lambda one: (sign * one[column], one["id"])


def _answered(ask: Any) -> HttpResponse:
    """Return what `ask` returns, as JSON; whatever it raises, as the API would say it."""
    from project.core.api import envelope, translated  # noqa: PLC0415 (DRF's settings must be ready)

    try:
        return JsonResponse(ask(), headers={"Cache-Control": "no-store"})
    except Exception as problem:
        error = translated(problem)
        if type(error) is GatehouseError:
            raise
        return JsonResponse(envelope(error), status=error.status)
