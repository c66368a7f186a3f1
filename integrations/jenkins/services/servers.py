"""Servers are added, changed, tried out and restarted. Where we send requests is for superusers to decide."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from integrations.jenkins import addresses, rights, sealing
from integrations.jenkins.client import Client
from integrations.jenkins.client.shapes import Info
from integrations.jenkins.errors import CredentialsRefused
from integrations.jenkins.models import Server
from project.core import audit
from project.core.errors import InvalidParameters

CHANGEABLE = frozenset({"name", "url", "user", "networks", "enabled"})


def client_of(server: Server) -> Client:
    """Return what talks to a server; close it, or use it in a `with`.

    :raises AddressNotAllowed: when it may not be where it is.
    :raises CredentialsRefused: when its token cannot be opened any more.
    """
    try:
        return Client(server.account)
    except sealing.Unreadable as problem:
        raise CredentialsRefused(server=server.name) from problem


def add_server(
    *,
    name: str,
    url: str,
    user: str = "",
    token: str = "",
    networks: Sequence[str] = (),
    enabled: bool = True,
    by: Any,
) -> Server:
    """Make a server known.

    :raises NoPermission: unless `by` is a superuser.
    :raises AddressNotAllowed: when it may not be there.
    :raises InvalidParameters: for a name that is taken, or networks that are none.
    """
    rights.ensure_superuser(by)
    server = Server(name=name, url=url, user=user, networks=list(networks), enabled=enabled)
    server.seal(token)
    _ensure_good(server)
    with transaction.atomic():
        _save(server)
        audit.record("jenkins_server.added", server, actor=by, url=server.url, user=server.user)
    return server


def change_server(server: Server, *, by: Any, token: str | None = None, **fields: Any) -> Server:
    """Change what is known of a server; `token=None` keeps the one it has.

    :raises NoPermission, AddressNotAllowed, InvalidParameters: as `add_server` does.
    """
    rights.ensure_superuser(by)
    place = (server.url, server.user)
    for name in CHANGEABLE & fields.keys():
        setattr(server, name, fields[name])
    if token is not None:
        server.seal(token)
    elif (server.url, server.user) != place and server.sealed_token:
        # else whoever may change the address could have the token sent to a place of their own
        raise InvalidParameters(fields={"token": [_("Give the API token anew for another address or user.")]})
    _ensure_good(server)
    with transaction.atomic():
        _save(server)
        changed = sorted((CHANGEABLE & fields.keys()) | ({"token"} if token is not None else set()))
        audit.record("jenkins_server.changed", server, actor=by, fields=changed)
    return server


def delete_server(server: Server, *, by: Any) -> None:
    """Forget a server, with its jobs and builds here; nothing happens to it.

    :raises NoPermission: unless `by` is a superuser.
    """
    rights.ensure_superuser(by)
    with transaction.atomic():
        audit.record("jenkins_server.deleted", server, actor=by, url=server.url)
        server.delete()


def try_server(
    *,
    url: str,
    user: str = "",
    token: str | None = None,
    networks: Sequence[str] = (),
    server: Server | None = None,
    by: Any,
) -> Info:
    """Ask a server for its version with what is in the form, before or after it is saved.

    :param token: None takes the one of `server`, if address and user are still its own.
    :raises NoPermission: unless `by` is a superuser.
    :raises GatehouseError: one of integrations.jenkins.errors, which says what is wrong.
    """
    rights.ensure_superuser(by)
    draft = Server(
        pk=server.pk if server else None, name=server.name if server else _("The server"), url=url, user=user
    )
    draft.networks = list(networks)
    if token is not None:
        draft.seal(token)
    elif server is not None and (_spelled(url), user) == (server.url, server.user):
        draft.sealed_token = server.sealed_token
    _ensure_good(draft)
    with client_of(draft) as client:
        return client.info()


def restart_server(server: Server, *, by: Any) -> None:
    """Restart a server once no build runs there any more.

    :raises NoPermission: without `jenkins.restart_server`.
    """
    rights.ensure_holds(by, "jenkins.restart_server")
    with client_of(server) as client:
        client.safe_restart()
    audit.record("jenkins_server.restarted", server, actor=by)


def _ensure_good(server: Server) -> None:
    server.url = _spelled(server.url)
    wrong = [one for one in server.networks if not _is_network(one)]
    if wrong:
        raise InvalidParameters(fields={"networks": [_("“{name}” is no network.").format(name=str(wrong[0])[:60])]})
    if server.user and not server.user.isprintable():
        raise InvalidParameters(fields={"user": [_("Give a plain name.")]})


def _spelled(url: str) -> str:
    return addresses.placed(url).url


def _is_network(text: Any) -> bool:
    try:
        ip_network(str(text), strict=False)
    except ValueError:
        return False
    return True


def _save(server: Server) -> None:
    try:
        with transaction.atomic():
            server.full_clean(exclude=["sealed_token"], validate_unique=True)
            server.save()
    except ValidationError as problem:
        raise InvalidParameters(fields=problem.message_dict) from problem
    except IntegrityError as problem:
        raise InvalidParameters(fields={"name": [_("There is a server of this name already.")]}) from problem
