"""What staff do when somebody lost their phone."""

from accounts import second_factor
from accounts.models import User
from accounts.services import guards


def remove_second_factor(*, user: User, by: User | None, reason: str = "") -> None:
    """Remove somebody's second factor; they are told, and set up another if their role demands one.

    :raises NotAbove: unless `by` stands above them.
    :raises NoSecondFactor: when there is none.
    """
    guards.ensure_above(by, user)
    second_factor.remove(user, by=by, reason=reason)
