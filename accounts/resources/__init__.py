"""What accounts puts into sheets and takes out of them."""

from accounts.resources.people import UserResource

__all__ = ["UserResource"]
