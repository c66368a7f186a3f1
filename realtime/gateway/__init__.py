"""THE DOOR: the only way to reach a browser.

    from realtime import gateway

    gateway.send_user(user.pk, "orders.changed", {"id": 7})

Everything here works from any thread of the serving process and, with Redis, from any process; elsewhere it raises
GatewayUnreachable, which says why. Every call has an async twin (`asend_user`, …). Delivery is at most once: what must
arrive belongs into a row, and the push says "look".

Sends and orders return at once. With `receipt=True` they wait for the nodes, two seconds at most, and return a Receipt:
how many connections took it, on which nodes, and which nodes said nothing.
"""

from realtime.errors import ConnectionGone, GatewayUnreachable
from realtime.gateway.calls import (
    bind,
    broadcast,
    connection,
    connections,
    disconnect,
    disconnect_sessions,
    is_online,
    join,
    leave,
    nodes,
    regroup,
    remove,
    send,
    send_batch,
    send_group,
    send_user,
    set,  # noqa: A004 (the seed's name, behind `gateway.`)
    this_node,
    unbind,
    users_online,
)
from realtime.gateway.twins import (
    abind,
    abroadcast,
    aconnection,
    aconnections,
    adisconnect,
    adisconnect_sessions,
    ais_online,
    ajoin,
    aleave,
    anodes,
    aregroup,
    aremove,
    asend,
    asend_batch,
    asend_group,
    asend_user,
    aset,
    aunbind,
    ausers_online,
)
from realtime.questions import Receipt

__all__ = [
    "ConnectionGone",
    "GatewayUnreachable",
    "Receipt",
    "abind",
    "abroadcast",
    "aconnection",
    "aconnections",
    "adisconnect",
    "adisconnect_sessions",
    "ais_online",
    "ajoin",
    "aleave",
    "anodes",
    "aregroup",
    "aremove",
    "asend",
    "asend_batch",
    "asend_group",
    "asend_user",
    "aset",
    "aunbind",
    "ausers_online",
    "bind",
    "broadcast",
    "connection",
    "connections",
    "disconnect",
    "disconnect_sessions",
    "is_online",
    "join",
    "leave",
    "nodes",
    "regroup",
    "remove",
    "send",
    "send_batch",
    "send_group",
    "send_user",
    "set",
    "this_node",
    "unbind",
    "users_online",
]
