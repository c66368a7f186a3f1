"""Figures of the nodes as they are at this moment, each and all together."""

from typing import Any

from realtime import cluster, gateway
from realtime.commands import Command, carries_out
from realtime.core.hub import Hub
from realtime.directory import NodeInfo
from realtime.gateway import ways

ADDED_UP = (
    "connections",
    "guests",
    "received",
    "sent",
    "buffered",
    "queued",
    "evicted",
    "outages",
    "lost",
    "cpu",
    "memory",
    "threads",
    "queue_delivered",
    "queue_duplicates",
    "queue_dead",
)


@carries_out("report")
def _report(hub: Hub, command: Command) -> NodeInfo:
    return cluster.here().info()


def nodes() -> list[NodeInfo]:
    """Return what each node says of itself now, by host and process; `silent` ones as they were at their last beat.

    :raises GatewayUnreachable: when this process cannot reach the nodes.
    """
    beats = {str(one["id"]): one for one in gateway.nodes()}
    said = ways.answers(Command("report"))
    found = [{**one, "silent": name not in said.values} for name, one in (beats | said.values).items()]
    return sorted(found, key=lambda one: (str(one.get("host")), one.get("pid", 0)))


def added_up(found: list[NodeInfo]) -> dict[str, Any]:
    """Return how many nodes there are, and the sums of their figures; a user of two nodes counts once.

    :raises GatewayUnreachable: when this process cannot reach the nodes.
    """
    sums = {name: sum(one.get(name, 0) for one in found) for name in ADDED_UP}
    in_touch = sum(1 for one in found if one.get("in_touch"))
    return {"nodes": len(found), "in_touch": in_touch, "users": gateway.users_online(), **sums}
