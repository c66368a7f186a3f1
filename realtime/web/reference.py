"""The reference page: topics, events and codes for people who write clients."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from realtime import asyncapi, events, reference, topics
from realtime.shapes import Field, JsonSchema, fields
from realtime.transport.handshake import MSGPACK, SUBPROTOCOL


@dataclass(frozen=True, slots=True)
class Member:
    """A topic or an event on the page."""

    name: str
    about: str
    who: str
    rate: str
    asked: list[Field]
    told: list[Field]
    frames: list[tuple[str, str]]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the page to whoever may read the OpenAPI schema; staff see it in the frame of the back office."""
    document = asyncapi.document(request.get_host(), secure=request.is_secure())
    server = document["servers"]["here"]
    frame = admin.site.each_context(request)
    context = {
        "title": _("Realtime reference"),
        "is_fullwidth": True,
        "is_nav_sidebar_enabled": frame["has_permission"],
        "address": f"{server['protocol']}://{server['host']}{asyncapi.SOCKET}",
        "subprotocols": [(SUBPROTOCOL, "JSON"), (MSGPACK, "MessagePack")],
        "topics": [_topic(document, one) for one in topics.registered()],
        "events": [_event(document, one) for one in events.declared()],
        "endings": reference.endings(),
        "errors": reference.failures(),
        "limits": reference.limits(),
    }
    return TemplateResponse(request, "realtime/reference.html", frame | context)


def _topic(document: dict[str, Any], one: topics.Topic) -> Member:
    ask, answer = asyncapi.ask_of(one.name), asyncapi.answer_of(one.name)
    return Member(
        name=one.name,
        about=_(one.about),
        who=reference.who_may_ask(one),
        rate=str(one.rate or ""),
        asked=_fields(document, ask, "data"),
        told=_fields(document, answer, "data"),
        frames=[(_("You send"), _example(document, ask)), (_("You get"), _example(document, answer))],
    )


def _event(document: dict[str, Any], one: events.Event) -> Member:
    name = asyncapi.event_of(one.name)
    told = _fields(document, name, one.carries)
    return Member(one.name, str(one.about), "", "", [], told, [(_("You get"), _example(document, name))])


def _fields(document: dict[str, Any], message: str, member: str) -> list[Field]:
    components = document["components"]
    shape: JsonSchema = components["messages"][message]["payload"]["properties"][member]
    return list(fields(shape, components["schemas"]))


def _example(document: dict[str, Any], message: str) -> str:
    frame = document["components"]["messages"][message]["examples"][0]["payload"]
    return json.dumps(frame, indent=2, ensure_ascii=False)
