"""Who may call what; which jobs it is about is asked by `rights`."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

SUPERUSERS = "superusers"
"""In a view's `needs`: for superusers alone, and no machine of theirs."""


class Holds(BasePermission):
    """Asks for the permissions a view names for its action."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = view.needs[view.action]
        if needed == SUPERUSERS:
            return bool(request.user.is_active and request.user.is_superuser)
        return all(request.user.has_perm(one) for one in needed)
