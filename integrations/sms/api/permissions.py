"""Who may call what."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Holds(BasePermission):
    """Asks for the permission a view names for its action; about an object too."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.has_perm(view.needs[view.action]))
