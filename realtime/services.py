"""What staff do at the gateway: send, and disconnect."""

import uuid
from collections.abc import Iterable
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth import get_user_model
from django.template.defaultfilters import filesizeformat
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.errors import InvalidParameters, NoPermission, TooLarge
from realtime import cluster, gateway
from realtime.core.codes import CloseCode
from realtime.core.connection import ConnectionInfo
from realtime.core.frames import Message
from realtime.errors import ConnectionGone


def people_seen(by: Any, user_ids: Iterable[int]) -> set[int]:
    """Return those of `user_ids` (0: guests) that `by` may see, as GATEWAY_PEOPLE_SEEN says."""
    if not settings.GATEWAY_PEOPLE_SEEN:
        return set(user_ids)
    seen: set[int] = import_string(settings.GATEWAY_PEOPLE_SEEN)(by, set(user_ids))
    return seen


def connections(*, by: Any, user: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    """The open sockets, on all nodes, of people whom `by` may see.

    :raises GatewayUnreachable: when this process cannot reach the nodes.
    """
    found = gateway.connections(user, group)
    seen = people_seen(by, (one["user_id"] for one in found))
    return [one for one in found if one["user_id"] in seen]


class Audience(TypedDict, total=False):
    """Whom a message is for: exactly one of these."""

    user: int
    users: list[int]
    group: str
    groups: list[str]
    connection: str
    all: bool


def send(*, to: Audience, topic: str, data: Any, by: Any, exclude_user: int | None = None) -> str:
    """Push a message to an audience and return its id, which the audit trail knows.

    `exclude_user` is for groups and for all.

    :raises InvalidParameters: when it is for others than the people whom `by` may see.
    :raises TooLarge: when no connection could hold it.
    :raises GatewayUnreachable: when this process cannot reach the browsers.
    """
    _ensure_in_sight(to, by)
    _ensure_it_fits(topic, data)
    match to:
        case {"user": int(user)}:
            gateway.send_user(user, topic, data)
        case {"users": list(users)}:
            for user in dict.fromkeys(users):
                gateway.send_user(user, topic, data)
        case {"group": str(group)}:
            gateway.send_group(group, topic, data, exclude_user=exclude_user)
        case {"groups": list(groups)}:
            gateway.send_group(groups, topic, data, exclude_user=exclude_user)
        case {"connection": str(connection)}:
            gateway.send(connection, topic, data)
        case _:
            gateway.broadcast(topic, data, exclude_user=exclude_user)
    message_id = uuid.uuid4().hex
    audit.record("realtime.message_sent", actor=by, message_id=message_id, to=dict(to), topic=topic)
    return message_id


EVERYBODY = 0
"""Among people: guests, and whoever may be in a group. Only who sees all people sees them."""


def _ensure_in_sight(to: Audience, by: Any) -> None:
    match to:
        case {"user": int(user)}:
            meant = {user}
        case {"users": list(users)}:
            meant = set(users)
        case {"connection": str(connection)}:
            if EVERYBODY in people_seen(by, [EVERYBODY]) or any(one["id"] == connection for one in connections(by=by)):
                return
            raise InvalidParameters(fields={"to": [_("There is no such connection of people you reach.")]})
        case _:
            meant = {EVERYBODY}
    if meant - people_seen(by, meant):
        text = _("You reach some people only: send to them, by “user”, “users” or “connection”.")
        raise InvalidParameters(fields={"to": [text]})


def _ensure_it_fits(topic: str, data: Any) -> None:
    limit = settings.GATEWAY_MAX_BUFFER
    if len(Message.push(topic, data, cluster.to_json).wire) > limit:
        raise TooLarge(limit=filesizeformat(limit))


def disconnect(*, connection_id: str, by: Any, reason: str = "") -> ConnectionInfo:
    """Close one connection with 4503, on whatever node; return what was known about it.

    :raises ConnectionGone: when there is no such connection, or it is of somebody whom `by` may not see.
    :raises NoPermission: when its user stands above `by`.
    """
    found = next((one for one in connections(by=by) if one["id"] == connection_id), None)
    if found is None:
        raise ConnectionGone
    subject = get_user_model()._default_manager.filter(pk=found["user_id"]).first() if found["user_id"] else None
    if subject is not None and subject.pk != by.pk and not by.has_perm("accounts.change_user", subject):
        raise NoPermission(_("You may only disconnect people of lower rank."))
    gateway.disconnect(connection_id, code=CloseCode.DISCONNECTED_BY_STAFF, reason=reason)
    audit.record("realtime.disconnected", subject, actor=by, reason=reason, connection_id=connection_id)
    return found
