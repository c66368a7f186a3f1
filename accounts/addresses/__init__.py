"""May somebody come in from this address?

    addresses.ensure_allowed(Place.API, "203.0.113.7")      # raises AddressRefused

For each place (back office, API, sockets) the rules in force there decide, in this order:

    1. a rule that denies the address             refused, whatever else allows it
    2. a rule that allows it                      passes
    3. is there any rule at all that allows?      refused: it is not on the list
    4. otherwise                                  passes

Of several rules with the same effect the narrowest is named and counted. A rule that is switched off or has run out counts
as not there. No address is exempt, not even loopback: behind a proxy that nobody named in TRUSTED_PROXIES everybody comes
from there. Who locked themselves out asks an operator for `manage.py rescue addresses`.
"""

from typing import Any

from channels.db import database_sync_to_async
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.addresses import copy as copies
from accounts.addresses import hits, patterns
from accounts.addresses.copy import Copy, Tables
from accounts.addresses.table import OPEN, Decision
from accounts.errors import AddressRefused
from accounts.models import AddressRule

__all__ = [
    "Decision",
    "Place",
    "announce",
    "decide",
    "ensure_allowed",
    "forget",
    "patterns",
    "refused_sockets",
    "tables_now",
    "verdict",
]

Place = AddressRule.Place
_copy = Copy()


def ensure_allowed(place: str, address: str) -> None:
    """Pass silently when `address` may come in; count the rule that decided.

    :raises AddressRefused: when it may not.
    :raises Unreachable: when the rules were never read and cannot be.
    """
    decision = decide(place, address)
    if decision.rule is not None:
        hits.count(decision.rule)
    if not decision.passes:
        raise AddressRefused(address=address or "?")


def decide(place: str, address: str, tables: Tables | None = None) -> Decision:
    """Tell whether `address` may come in, and by which rule; nothing is counted.

    :param tables: other rules than those in force (`tables_now`).
    :raises Unreachable: when the rules were never read and cannot be.
    """
    table = (tables or _copy.tables())[place]
    return OPEN if table.is_empty else table.decide(_known(address))


def tables_now() -> Tables:
    """The rules as the rows say at this moment, inside a transaction too."""
    return copies.tables_of(copies.rules_now())


def forget() -> None:
    """Let this process look at the rows again."""
    _copy.forget()


def announce() -> None:
    """Let all nodes look at the rows again; called after a change is committed."""
    forget()
    copies.announce()


def verdict(address: str) -> dict[str, Any]:
    """What the rules, as the rows say at this moment, mean for an address in each place."""
    tables = tables_now()
    found = {place: decide(place, address, tables) for place in AddressRule.Place}
    rules = AddressRule.objects.in_bulk([one.rule for one in found.values() if one.rule is not None])
    return {
        "address": address,
        "decisions": [
            {
                "place": place.value,
                "label": place.label,
                "passes": decision.passes,
                "rule": rules.get(decision.rule) if decision.rule is not None else None,
                "why": _why(decision, rules),
            }
            for place, decision in found.items()
        ],
    }


async def refused_sockets(clients: list[str], opening: bool) -> set[str]:
    """Return those of the addresses `clients` whose sockets are refused (GATEWAY_ADDRESS_CHECK).

    :param opening: is somebody coming in? Looking again at who is in counts no hits.
    """
    if _copy.is_fresh:
        return _refused(clients, opening)
    found: set[str] = await database_sync_to_async(_refused, thread_sensitive=False)(clients, opening)
    return found


def _refused(clients: list[str], opening: bool) -> set[str]:
    found = {client: decide(Place.GATEWAY, client) for client in clients}
    for decision in found.values():
        if opening and decision.rule is not None:
            hits.count(decision.rule)
    return {client for client, decision in found.items() if not decision.passes}


def _known(address: str) -> patterns.Address | None:
    try:
        return patterns.parse_address(address.partition("%")[0])
    except ValidationError:
        return None


def _why(decision: Decision, rules: dict[int, AddressRule]) -> str:
    if decision.rule is not None:
        return rules[decision.rule].describe() if decision.rule in rules else _("A rule that was deleted just now.")
    if decision.passes:
        return _("No rule names it, and there is no list of allowed addresses.")
    return _("It is on no list of allowed addresses.")
