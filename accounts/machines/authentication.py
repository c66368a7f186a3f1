"""Letting machines in: to the API, and to sockets."""

from functools import partial

from channels.db import database_sync_to_async
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import addresses, errors, identity, machines
from accounts.models import ApiToken, Machine
from project.core import context
from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Identity

ABOUT_PEOPLE = "auth-"
"""How the names of the paths begin that are about people's own sign-in: no machine has any business there."""


def machine_of(text: str, ip: str) -> Machine:
    """Return the machine that may use this token from there.

    :raises NotSignedIn: a token that is unknown, wrong, revoked or too old, or whose owner is disabled.
    :raises AddressRefused: when the token does not work from there.
    :raises Unreachable: when neither cache nor database can be asked.
    """
    parts = machines.read(text)
    token = machines.find(parts.key_id) if parts else None
    if parts is None or token is None or not machines.proves(parts, token.secret_hash):
        raise errors.NotSignedIn
    _ensure_from_there(token, ip)
    machines.seen(token, ip)
    return Machine.of(token)


class MachineAuthentication(BaseAuthentication):
    """`Authorization: Bearer ght_…`; `request.user` is the machine, `request.auth` its token."""

    def authenticate(self, request: Request) -> tuple[Machine, ApiToken] | None:
        """Return machine and token; None without one.

        :raises NotSignedIn, AddressRefused, Unreachable: see `machine_of`.
        :raises NotForMachines: where only people have any business.
        """
        scheme, _space, given = get_authorization_header(request).partition(b" ")
        text = given.decode("latin-1").strip()
        if scheme.lower() != b"bearer" or not text.startswith(machines.PREFIX):
            return None
        ip = context.get_ip()
        addresses.ensure_allowed(addresses.Place.API, ip)
        machine = machine_of(text, ip)
        context.set_user(identity.for_request(machine, "", machine=str(machine.token)))
        if machine.time_zone:
            timezone.activate(machine.time_zone)
        found = request._request.resolver_match
        if found is not None and (found.url_name or "").startswith(ABOUT_PEOPLE):
            raise errors.NotForMachines
        return machine, machine.token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


async def identified(text: str, ip: str) -> Identity:
    """Return who opens a socket with this token.

    :raises Refused: when it lets nobody in.
    """
    found: Identity = await database_sync_to_async(_identified, thread_sensitive=False)(text, ip)
    return found


def ended(socket_ids: list[str]) -> list[str]:
    """Return those of `socket_ids` whose tokens let nobody in any more."""
    key_ids = [one.removeprefix(machines.SOCKETS) for one in socket_ids]
    rows = ApiToken.objects.live().filter(key_id__in=key_ids, owner__is_active=True)
    live = {machines.socket_id(one) for one in rows.values_list("key_id", flat=True)}
    return [one for one in socket_ids if one not in live]


def _identified(text: str, ip: str) -> Identity:
    try:
        machine = machine_of(text, ip)
    except errors.NotSignedIn as problem:
        raise Refused(CloseCode.NOT_AUTHENTICATED) from problem
    except errors.AddressRefused as problem:
        raise Refused(CloseCode.NOT_ALLOWED) from problem
    key_id = machine.token.key_id
    return Identity(
        user_id=machine.pk,
        username=machine.username,
        name=machine.token.name,
        session_id=machines.socket_id(key_id),
        # as it is when somebody asks, not as it was when the socket opened
        permissions=partial(_has_now, key_id),
        machine=str(machine.token),
    )


def _has_now(key_id: str, permission: str) -> bool:
    token = machines.find(key_id)
    return token is not None and Machine.of(token).has_perm(permission)


def _ensure_from_there(token: ApiToken, ip: str) -> None:
    if not token.allowed_addresses:
        return
    try:
        address = addresses.patterns.parse_address(ip)
    except ValidationError:
        raise errors.AddressRefused(address=ip or "?") from None
    if not any(address in addresses.patterns.parse(one).span for one in token.allowed_addresses):
        raise errors.AddressRefused(address=ip)
