"""The gateway's own topics."""

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from project.core.errors import InvalidParameters, NoPermission
from realtime import cluster, oversight, tap, topics
from realtime.answers import AskableTopic, Counters, Membership, Person, Tapped, Watched, Who
from realtime.core.codes import Refused
from realtime.core.connection import MAX_GROUPS, MAX_SETTINGS, Connection
from realtime.schemas import MAX_KEY, AccessSchema, ConnectionSchema, GroupSchema, KeySchema, OptionalKeySchema
from realtime.topics import topic
from realtime.transport.admission import admit
from realtime.transport.credentials import Credentials, identify

MAX_SETTING = 4096


@topic("ping", guests=True, prompt=True)
async def ping(connection: Connection, data: Any) -> dict[str, float]:
    """Answer with the server's time."""
    return {"time": time.time()}


@topic("echo", guests=True, prompt=True)
async def echo(connection: Connection, data: Any) -> Any:
    """Answer with what was sent."""
    return data


@topic("auth", schema=AccessSchema, guests=True)
async def auth(connection: Connection, data: dict[str, str]) -> Who:
    """Bind this connection to the user of an access token."""
    peer = connection.peer
    identity = await identify(Credentials(frame=data, ip=peer.address, user_agent=peer.user_agent, origin=peer.origin))
    if identity is None:  # cannot be: a frame was shown on purpose
        raise Refused
    await admit(connection, identity)
    return who(connection)


@topic("unauth", guests=True, prompt=True)
async def unauth(connection: Connection, data: Any) -> Who:
    """Make this connection a guest again; where guests are refused, there are seconds to sign in anew."""
    connection.hub.bind(connection, None)
    return who(connection)


@topic("join", schema=GroupSchema)
async def join(connection: Connection, data: dict[str, str]) -> Membership:
    """Join a group, if its policy allows."""
    group = data["group"]
    await topics.ensure_may_join(connection, group)
    if len(connection.joined) >= MAX_GROUPS and group not in connection.joined:
        raise InvalidParameters(_("At most {limit} groups per connection."), limit=MAX_GROUPS)
    await connection.join(group)
    return Membership(group=group, members=await _count(group))


@topic("leave", schema=GroupSchema)
async def leave(connection: Connection, data: dict[str, str]) -> Membership:
    """Leave a group that was joined."""
    group = data["group"]
    topics.ensure_may_leave(connection, group)
    await connection.leave(group)
    return Membership(group=group, members=await _count(group))


@topic("session.set", guests=True, prompt=True)
async def set_settings(connection: Connection, data: Any) -> dict[str, str]:
    """Set some of the connection's own settings, text to text."""
    if not isinstance(data, dict) or not data:
        raise InvalidParameters(fields={"data": [_("Send {example}.").format(example='{"key": "value"}')]})
    for key, value in data.items():
        if not isinstance(value, str) or not 0 < len(key) <= MAX_KEY or len(value) > MAX_SETTING:
            problem = _("A setting is a text of at most {limit} characters, under a key of at most {keys}.")
            raise InvalidParameters(fields={key[:MAX_KEY]: [problem.format(limit=MAX_SETTING, keys=MAX_KEY)]})
    if len(connection.settings.keys() | data.keys()) > MAX_SETTINGS:
        raise InvalidParameters(_("At most {limit} settings per connection."), limit=MAX_SETTINGS)
    return connection.hub.change(connection, data)


@topic("session.get", schema=OptionalKeySchema, guests=True, prompt=True)
async def get_settings(connection: Connection, data: dict[str, str]) -> dict[str, str]:
    """Answer with one setting ({"key"}), or with all."""
    if "key" not in data:
        return connection.settings
    return {"value": connection.settings.get(data["key"], "")}


@topic("session.remove", schema=KeySchema, guests=True, prompt=True)
async def remove_setting(connection: Connection, data: dict[str, str]) -> dict[str, str]:
    """Remove one setting ({"key"})."""
    return connection.hub.change(connection, {}, remove=(data["key"],))


@topic("whoami", guests=True, prompt=True)
async def whoami(connection: Connection, data: Any) -> Who:
    """Answer with this connection as the server sees it."""
    return who(connection)


@topic("topics.list", guests=True, prompt=True)
async def list_topics(connection: Connection, data: Any) -> list[AskableTopic]:
    """Answer with all topics a client may send."""
    return [AskableTopic(topic=one.name, about=_(one.about), permission=one.permission) for one in topics.registered()]


@topic("tap.start", permission="realtime.tap", schema=ConnectionSchema)
def start_tap(connection: Connection, data: dict[str, str]) -> Watched:
    """Show what another connection ({"connection"}) sends and gets, for 20 seconds; again, for longer."""
    if not connection.user_id:
        raise NoPermission
    name = data["connection"]
    by = get_user_model()._default_manager.get(pk=connection.user_id)
    oversight.watch(by=by, connection_id=name, watcher=connection.id)
    return Watched(connection=name, again_within=tap.LEASE_SECONDS, seconds=tap.LONGEST_SECONDS)


@topic("tap.stop", schema=ConnectionSchema, prompt=True)
async def stop_tap(connection: Connection, data: dict[str, str]) -> Tapped:
    """Show no more of a connection ({"connection"})."""
    oversight.unwatch(connection_id=data["connection"], watcher=connection.id)
    return Tapped(connection=data["connection"])


async def _count(group: str) -> int:
    """How many connections are in `group`, on all nodes; others can reach this one through it from here on."""
    node = cluster.here()
    await node.settled()
    return await node.presence.count(group)


def who(connection: Connection) -> Who:
    """Describe a connection to its own client."""
    identity = connection.identity
    return Who(
        connection=connection.id,
        user=Person(id=identity.user_id, username=identity.username, name=identity.name) if identity else None,
        staff=bool(identity and identity.staff),
        groups=sorted(connection.groups),
        settings=connection.settings,
        watched=connection.id in tap.taps,
        node=connection.node,
        address=connection.peer.address,
        since=connection.since,
        counters=Counters(received=connection.received, sent=connection.sent, buffered=connection.outbox.unsent()),
        last_error=connection.last_error,
    )
