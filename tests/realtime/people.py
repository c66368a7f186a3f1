"""People who come to the gateway in these tests, and how they prove who they are: by saying their name.

The product's own authenticators are tested with accounts; here they only have to exist.
"""

from functools import partial

from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Identity
from realtime.transport.credentials import Credentials


def _may(name: str, permission: str) -> bool:
    return name == "hans" and permission in {"gate.open", "realtime.tap"}


PEOPLE = {
    name: Identity(
        user_id=number,
        username=name,
        name=name.title(),
        session_id=f"session-{name}",
        groups=frozenset({f"department.{number % 2}", *roles}),
        permissions=partial(_may, name),
        staff=name == "hans",
    )
    for number, (name, roles) in enumerate(
        {"mei": (), "hans": ("role.guard",), "ada": ("role.guard",), "lost": ()}.items(), start=1
    )
}
SPENT: set[str] = set()


async def by_name(credentials: Credentials) -> Identity | None:
    """Believe a name, whichever way it is shown; `stranger` is nobody, `late` was displaced."""
    name = credentials.bearer or credentials.ticket or credentials.frame.get("access") or credentials.cookie_session_key
    if credentials.ticket:
        if name in SPENT:
            raise Refused(CloseCode.NOT_AUTHENTICATED)
        SPENT.add(name)
        name = name.partition("-")[0]
    if name == "late":
        raise Refused(CloseCode.DISPLACED)
    return PEOPLE.get(name)


async def broken(credentials: Credentials) -> Identity | None:
    """Fail, as a database that is away would make it."""
    raise ConnectionError("the database is away")


ENDED: dict[str, int] = {}


async def ended_sessions(session_ids: list[str]) -> dict[str, int]:
    """Return what the tests declared over."""
    return {one: ENDED[one] for one in session_ids if one in ENDED}
