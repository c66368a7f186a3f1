"""Who may call what."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Holds(BasePermission):
    """Asks for the permission a view names for its action, or for several of them; about an object too."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = view.needs[view.action]
        return all(request.user.has_perm(one) for one in ([needed] if isinstance(needed, str) else needed))
