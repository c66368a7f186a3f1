"""The AsyncAPI 3.0 document: everything that travels on /ws/, for people and for tools that make clients.

The document describes the server: it receives what clients ask, and sends replies and events.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from realtime import events, reference, topics
from realtime.core.frames import ERROR, MAX_DEPTH
from realtime.shapes import JsonSchema, Shapes, example
from realtime.transport.handshake import MSGPACK, SUBPROTOCOL

VERSION = "3.0.0"
SOCKET = "/ws/"
CHANNEL = {"$ref": "#/channels/gateway"}
Document = dict[str, Any]


def document(host: str, *, secure: bool) -> Document:
    """Return the document of the gateway at `host`, in the active language."""
    shapes = Shapes()
    messages = dict(_messages(shapes))
    return {
        "asyncapi": VERSION,
        "info": {
            "title": settings.SPECTACULAR_SETTINGS["TITLE"],
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "description": _("The realtime gateway: one WebSocket, on which clients ask and the server tells."),
        },
        "defaultContentType": "application/json",
        "servers": {"here": _server(host, secure=secure)},
        "channels": {"gateway": _channel(messages)},
        "operations": dict(_operations()),
        "components": {
            "messages": messages,
            "schemas": shapes.collected(),
            "securitySchemes": _credentials(),
        },
    }


def _server(host: str, *, secure: bool) -> Document:
    return {
        "host": host,
        "protocol": "wss" if secure else "ws",
        "description": _("This server. A guest's socket may sign in later, with the topic auth."),
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _credentials()],
    }


def _credentials() -> dict[str, Document]:
    return {
        "ticket": {
            "type": "httpApiKey",
            "in": "query",
            "name": "ticket",
            "description": _("One-time ticket of POST /api/v1/auth/ticket, for browsers: good for 30 seconds."),
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": _("An access token or an API token in the Authorization header, for programs."),
        },
        "session": {
            "type": "httpApiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": _("The back office's own session, on pages of the same origin."),
        },
    }


def _channel(messages: dict[str, Document]) -> Document:
    return {
        "address": SOCKET,
        "title": _("The gateway"),
        "description": _("All frames of a connection. A refused socket is opened and closed at once with a code."),
        "servers": [{"$ref": "#/servers/here"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": _handshake()},
        "x-subprotocols": [{"name": SUBPROTOCOL, "encoding": "JSON"}, {"name": MSGPACK, "encoding": "MessagePack"}],
        "x-close-codes": [
            {
                "code": one.code,
                "name": one.name,
                "reason": one.reason,
                "reconnect": one.reconnect,
                "advice": one.advice,
            }
            for one in reference.endings()
        ],
        "x-error-codes": [{"code": one.code, "message": one.message} for one in reference.failures()],
        "x-limits": _limits(),
    }


def _handshake() -> Document:
    ticket = {"type": "string", "description": _("A one-time ticket.")}
    protocol = {"type": "string", "enum": [SUBPROTOCOL, MSGPACK]}
    return {
        "method": "GET",
        "query": {"type": "object", "properties": {"ticket": ticket}},
        "headers": {"type": "object", "properties": {"Sec-WebSocket-Protocol": protocol}},
        "bindingVersion": "0.1.0",
    }


def _limits() -> Document:
    rate, burst = settings.GATEWAY_RATE
    user_rate, user_burst = settings.GATEWAY_USER_RATE or (None, None)
    return {
        "idle_seconds": settings.GATEWAY_IDLE_SECONDS,
        "frame": settings.GATEWAY_MAX_FRAME,
        "buffer": settings.GATEWAY_MAX_BUFFER,
        "rate": rate,
        "burst": burst,
        "user_rate": user_rate,
        "user_burst": user_burst,
        "nesting": MAX_DEPTH,
        "calls": settings.GATEWAY_MAX_TASKS,
        "connections_per_user": settings.GATEWAY_MAX_PER_USER,
    }


# what is asked, answered and told


def ask_of(name: str) -> str:
    """Return the name of the message that asks a topic."""
    return f"ask.{name}"


def answer_of(name: str) -> str:
    """Return the name of the message that answers a topic."""
    return f"answer.{name}"


def event_of(name: str) -> str:
    """Return the name of the message that tells an event."""
    return f"event.{name}"


def _messages(shapes: Shapes) -> Iterator[tuple[str, Document]]:
    for topic in topics.registered():
        sent, answered = shapes.sent(topic.schema), shapes.answered(topic.handler)
        data = {"data": shapes.example(topic.schema)} if topic.schema else {}
        reply = example(answered, shapes.collected())
        yield (
            ask_of(topic.name),
            _message(topic.name, _(topic.about), _ask(topic.name, sent), {"id": 1, "topic": topic.name, **data}),
        )
        yield (
            answer_of(topic.name),
            _message(
                topic.name,
                _("The answer, where the frame had an id."),
                _frame(topic.name, {"id": {}, "data": answered}),
                {"id": 1, "topic": topic.name, "data": reply},
            ),
        )
    for event in events.declared():
        shape = _frame(event.name, {event.carries: shapes.told(event.schema)})
        if event.name == ERROR:
            shape["properties"] |= {"id": {}, "topic": {"type": "string"}}
        yield event_of(event.name), _message(event.name, str(event.about), shape, event.frame)


def _message(name: str, summary: str, payload: JsonSchema, example_frame: Any) -> Document:
    correlated = "id" in payload["properties"]
    return {
        "name": name,
        "summary": summary,
        "payload": payload,
        "examples": [{"payload": example_frame}],
        **({"correlationId": {"location": "$message.payload#/id"}} if correlated else {}),
    }


def _ask(name: str, data: JsonSchema) -> JsonSchema:
    shape = _frame(name, {"id": {"description": _("Anything; the answer carries it back.")}, "data": data})
    return shape | {"required": ["topic"], "additionalProperties": False}


def _frame(name: str, members: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "required": ["topic", *members],
        "properties": {"topic": {"const": name}, **members},
    }


def _operations() -> Iterator[tuple[str, Document]]:
    for topic in topics.registered():
        replies = [_message_of(answer_of(topic.name)), _message_of(event_of(ERROR))]
        yield (
            ask_of(topic.name),
            {
                "action": "receive",
                "channel": CHANNEL,
                "title": topic.name,
                "summary": _(topic.about),
                "description": reference.who_may_ask(topic),
                "messages": [_message_of(ask_of(topic.name))],
                "reply": {"channel": CHANNEL, "messages": replies},
                "x-permission": topic.permission,
                "x-guests": topic.guests,
                "x-rate": str(topic.rate) if topic.rate else None,
            },
        )
    for event in events.declared():
        yield (
            event_of(event.name),
            {
                "action": "send",
                "channel": CHANNEL,
                "title": event.name,
                "summary": str(event.about),
                "messages": [_message_of(event_of(event.name))],
            },
        )


def _message_of(name: str) -> Document:
    return {"$ref": f"#/channels/gateway/messages/{name}"}
