"""What people prove themselves with besides the password: a code of an app (TOTP), or a recovery code.

factor      enrolling, recovery codes, removing; who has one and who must have one
codes       is this code right, now, for the first time?
challenges  what somebody holds between the password and the code
"""

from accounts.second_factor.challenges import (
    Challenge,
    begin_challenge,
    forget_run_out,
    locked_challenge,
    open_challenge,
    take_a_try,
    use_up,
)
from accounts.second_factor.factor import (
    State,
    begin,
    confirm,
    is_asked_of,
    is_required_of,
    locked,
    new_recovery_codes,
    remove,
    state_of,
    to_show,
)

__all__ = [
    "Challenge",
    "State",
    "begin",
    "begin_challenge",
    "confirm",
    "forget_run_out",
    "is_asked_of",
    "is_required_of",
    "locked",
    "locked_challenge",
    "new_recovery_codes",
    "open_challenge",
    "remove",
    "state_of",
    "take_a_try",
    "to_show",
    "use_up",
]
