"""People as rows of a sheet."""

from accounts.resources.people.resource import UserResource

__all__ = ["UserResource"]
