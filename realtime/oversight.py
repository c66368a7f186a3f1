"""What staff see and do of open connections: look, find, write to, change, disconnect, watch.

Everything begins with whom somebody may see (`services.people_seen`). What is done to a connection wants a higher rank
than its user's, and is in the audit trail.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.errors import GatehouseError, InvalidParameters, NoPermission
from realtime import gateway, services, topics, watches
from realtime.commands import Command
from realtime.core.codes import CloseCode
from realtime.core.connection import MAX_GROUPS, MAX_SETTINGS, ConnectionInfo
from realtime.errors import ConnectionGone
from realtime.gateway import ways
from realtime.letters import Letter
from realtime.questions import Answers, Receipt

KINDS = ("people", "guests", "machines")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections somebody looks for; what is not given does not count. Ages are in seconds."""

    user: int | None = None
    group: str | None = None
    node: str = ""
    address: str = ""
    kind: str = ""
    older_than: float | None = None
    younger_than: float | None = None
    words: tuple[str, ...] = ()

    def matches(self, one: ConnectionInfo, now: float) -> bool:
        age = now - one["since"]
        return (
            self.node in ("", one["node"])
            and self.address in ("", one["address"])
            and self.kind in ("", kind(one))
            and (self.older_than is None or age >= self.older_than)
            and (self.younger_than is None or age <= self.younger_than)
            and all(word in searchable(one) for word in self.words)
        )


def kind(one: ConnectionInfo) -> str:
    """Return whose a connection is: one of KINDS."""
    if not one["user_id"]:
        return "guests"
    return "people" if f"user.{one['user_id']}" in one["groups"] else "machines"


def searchable(one: ConnectionInfo) -> str:
    """Return what words are looked for in."""
    parts = [one["username"], one["name"], one["address"], one["id"], one["user_agent"], *one["groups"]]
    return " ".join(parts).lower()


def found(everybody: Iterable[ConnectionInfo], wanted: Wanted) -> list[ConnectionInfo]:
    """Return those of `everybody` that are wanted."""
    now = time.time()
    return [one for one in everybody if wanted.matches(one, now)]


def connection(*, by: Any, connection_id: str) -> ConnectionInfo:
    """Return what its node knows of one connection at this moment.

    :raises ConnectionGone: when there is no such connection, or it is of somebody whom `by` may not see.
    """
    one = gateway.connection(connection_id)
    if one["user_id"] not in services.people_seen(by, [one["user_id"]]):
        raise ConnectionGone
    return one


def connection_below(*, by: Any, connection_id: str) -> tuple[ConnectionInfo, Any]:
    """Return a connection that `by` may do something to, and its user (None: a guest).

    :raises ConnectionGone: when there is no such connection, or it is of somebody whom `by` may not see.
    :raises NoPermission: when its user does not stand below `by`.
    """
    one = connection(by=by, connection_id=connection_id)
    user = get_user_model()._default_manager.filter(pk=one["user_id"]).first() if one["user_id"] else None
    if user is not None and user.pk != by.pk and not by.has_perm("accounts.change_user", user):
        raise NoPermission(_("That is for people of lower rank only."))
    return one, user


class Change(TypedDict, total=False):
    """What is changed of a connection: settings (None removes one), groups to join and to leave."""

    settings: dict[str, str | None]
    join: list[str]
    leave: list[str]


def change(*, by: Any, connection_id: str, wanted: Change) -> ConnectionInfo:
    """Set and remove settings of a connection, let it join and leave groups; return it as it is then.

    :raises InvalidParameters: for groups that follow from who somebody is, and beyond the limits of a connection.
    :raises ConnectionGone, NoPermission: see `connection_below`.
    """
    one, user = connection_below(by=by, connection_id=connection_id)
    values = wanted.get("settings", {})
    kept = {key: value for key, value in values.items() if value is not None}
    dropped = [key for key, value in values.items() if value is None]
    _ensure_room(one, kept, dropped, wanted)
    if kept:
        gateway.set(connection_id, kept)
    if dropped:
        gateway.remove(connection_id, dropped)
    for group in wanted.get("join", ()):
        gateway.join(connection_id, group)
    for group in wanted.get("leave", ()):
        gateway.leave(connection_id, group)
    changed: dict[str, Any] = {name: what for name, what in wanted.items() if what}
    audit.record("realtime.connection_changed", user, actor=by, connection_id=connection_id, **changed)
    return gateway.connection(connection_id)


def _ensure_room(one: ConnectionInfo, kept: dict[str, str], dropped: list[str], wanted: Change) -> None:
    asked = {"join": wanted.get("join", []), "leave": wanted.get("leave", [])}
    for name, groups in asked.items():
        if automatic := [group for group in groups if topics.is_automatic(group)]:
            problem = _("The group “{group}” follows from who somebody is.").format(group=automatic[0])
            raise InvalidParameters(fields={name: [problem]})
    if len((one["settings"].keys() | kept.keys()) - set(dropped)) > MAX_SETTINGS:
        problem = _("At most {limit} settings per connection.").format(limit=MAX_SETTINGS)
        raise InvalidParameters(fields={"settings": [problem]})
    joined = {group for group in one["groups"] if not topics.is_automatic(group)}
    if len(joined | set(asked["join"])) > MAX_GROUPS:
        raise InvalidParameters(fields={"join": [_("At most {limit} groups per connection.").format(limit=MAX_GROUPS)]})


def disconnect(*, connection_id: str, by: Any, reason: str = "") -> ConnectionInfo:
    """Close one connection with 4503, on whatever node; return what was known about it.

    :raises ConnectionGone, NoPermission: see `connection_below`.
    """
    one, user = connection_below(by=by, connection_id=connection_id)
    gateway.disconnect(connection_id, code=CloseCode.DISCONNECTED_BY_STAFF, reason=reason)
    audit.record("realtime.disconnected", user, actor=by, reason=reason, connection_id=connection_id)
    return one


def send(*, by: Any, connection_ids: list[str], letter: Letter) -> Receipt:
    """Push what a letter holds to chosen connections and tell how many took it.

    :raises InvalidParameters: when one is of somebody whom `by` may not see.
    :raises TooLarge: when no connection could hold it.
    """
    if services.EVERYBODY not in services.people_seen(by, [services.EVERYBODY]):
        in_sight = {one["id"] for one in services.connections(by=by)}
        if not in_sight.issuperset(connection_ids):
            raise InvalidParameters(fields={"ids": [_("There is no such connection of people you reach.")]})
    letter.ensure_it_fits()
    told = cast(Receipt, gateway.send_batch(connection_ids, letter.topic, letter.data, receipt=True))
    to = {"connections": connection_ids}
    audit.record("realtime.message_sent", actor=by, to=to, topic=letter.topic, delivered=told.delivered)
    return told


def watch(*, by: Any, connection_id: str, watcher: str) -> None:
    """Show the frames of a connection to the connection `watcher` of `by`, for `tap.LEASE_SECONDS`; repeated, for longer.

    :raises ConnectionGone, NoPermission: see `connection_below`.
    """
    one, user = connection_below(by=by, connection_id=connection_id)
    row, is_new = watches.begun(one, watcher=watcher, by=by, user=user)
    try:
        news = _from_its_node(ways.answers(Command("watch", ids=(connection_id,), watcher=watcher)))
    except GatehouseError:
        if is_new:
            row.delete()
        raise
    if news:
        audit.record("realtime.watch_started", user, actor=by, connection_id=connection_id)
    watches.goes_on(row)


def unwatch(*, connection_id: str, watcher: str) -> None:
    """Show no more frames of a connection to `watcher`."""
    ways.run(Command("unwatch", ids=(connection_id,), watcher=watcher))


def _from_its_node(said: Answers) -> bool:
    values = [value for some in said.values.values() for value in some]
    if not values:
        raise ConnectionGone
    return bool(values[0])
