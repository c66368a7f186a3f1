"""How the rest of the house sees a person who has signed in: the request's context, and the gateway."""

from collections.abc import Iterable
from functools import partial
from typing import cast

from django.utils.functional import SimpleLazyObject

from accounts.models import User
from project.core import context
from realtime.core.connection import Identity as SocketIdentity


def for_request(user: User, session_id: str, *, machine: str = "") -> context.Identity:
    """The person behind a request, and who acts as them; roles are read only when somebody asks for them."""
    return context.Identity(
        user_id=user.pk,
        username=user.username,
        name=user.get_short_name(),
        avatar=user.avatar.name or "",
        session_id=session_id,
        department_id=user.department_id,
        role_keys=cast("tuple[str, ...]", SimpleLazyObject(lambda: user.role_keys)),
        actor_id=user.impersonator.pk if user.impersonator else None,
        machine=machine,
    )


def for_socket(user: User, session_id: str) -> SocketIdentity:
    """The person behind a socket, with the groups that follow from who they are."""
    return SocketIdentity(
        user_id=user.pk,
        username=user.username,
        name=user.get_short_name(),
        session_id=session_id,
        groups=frozenset(automatic_groups(user.role_keys, user.department_id)),
        # as it is when somebody asks, not as it was when the socket opened
        permissions=partial(_has_now, user.pk),
        staff=user.is_staff,
    )


def automatic_groups(role_keys: Iterable[str], department_id: int | None) -> list[str]:
    """The groups that a person's sockets are in without asking."""
    groups = [f"role.{key}" for key in role_keys]
    return [*groups, f"department.{department_id}"] if department_id else groups


def _has_now(user_id: int, permission: str) -> bool:
    user = User.objects.active().filter(pk=user_id).first()
    return user is not None and user.has_perm(permission)
