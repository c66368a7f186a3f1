"""What staff do at the gateway: send, and disconnect."""

import uuid
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth import get_user_model
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.errors import NoPermission, TooLarge
from realtime import cluster, gateway
from realtime.core.codes import CloseCode
from realtime.core.connection import ConnectionInfo
from realtime.core.frames import Message
from realtime.errors import ConnectionGone


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

    :raises TooLarge: when no connection could hold it.
    :raises GatewayUnreachable: when this process cannot reach the browsers.
    """
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


def _ensure_it_fits(topic: str, data: Any) -> None:
    limit = settings.GATEWAY_MAX_BUFFER
    if len(Message.push(topic, data, cluster.to_json).wire) > limit:
        raise TooLarge(limit=filesizeformat(limit))


def disconnect(*, connection_id: str, by: Any, reason: str = "") -> ConnectionInfo:
    """Close one connection with 4503, on whatever node; return what was known about it.

    :raises ConnectionGone: when there is no such connection.
    :raises NoPermission: when its user stands above `by`.
    """
    found = next((one for one in gateway.connections() if one["id"] == connection_id), None)
    if found is None:
        raise ConnectionGone
    subject = get_user_model()._default_manager.filter(pk=found["user_id"]).first() if found["user_id"] else None
    if subject is not None and subject.pk != by.pk and not by.has_perm("accounts.change_user", subject):
        raise NoPermission(_("You may only disconnect people of lower rank."))
    gateway.disconnect(connection_id, code=CloseCode.DISCONNECTED_BY_STAFF, reason=reason)
    audit.record("realtime.disconnected", subject, actor=by, reason=reason, connection_id=connection_id)
    return found
