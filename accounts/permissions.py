"""Django's permissions, asked of the API; whoever changes a person must also stand above them."""

from typing import Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView


class ModelPermissions(DjangoModelPermissions):
    """The model's own permissions by method: view for reading too; about an object, rank as well."""

    perms_map = {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": [],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "POST": ["%(app_label)s.add_%(model_name)s"],
        "PUT": ["%(app_label)s.change_%(model_name)s"],
        "PATCH": ["%(app_label)s.change_%(model_name)s"],
        "DELETE": ["%(app_label)s.delete_%(model_name)s"],
    }

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        needed = self.get_required_permissions(str(request.method), type(obj))
        return all(request.user.has_perm(permission, obj) for permission in needed)


def requires(permission: str) -> type[BasePermission]:
    """Return a permission class that asks for one permission by name; about an object, rank as well."""

    class Requires(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            return request.user.is_authenticated and request.user.has_perm(permission)

        def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
            return request.user.has_perm(permission, obj)

    return Requires
