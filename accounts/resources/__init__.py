"""What accounts puts into sheets and takes out of them."""

from accounts.resources.people import UserResource
from accounts.resources.sign_ins import SignInResource

__all__ = ["SignInResource", "UserResource"]
