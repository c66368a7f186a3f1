"""The second step of a sign-in: whoever gave the right password shows the second factor too.

Guesses count like wrong passwords (accounts.lockout), and are counted and judged under the lock of the person's factor:
many at once come one after the other.
"""

from typing import NamedTuple

from django.db import transaction

from accounts import errors, lockout, second_factor, sign_in
from accounts.models import LoginEvent, LoginSession, User
from accounts.second_factor import codes
from accounts.sign_in import Caller
from project.core.errors import GatehouseError

Reason = LoginEvent.Reason


class Proven(NamedTuple):
    """Somebody whose password and code were right; `recovery_codes` when this was their first code."""

    user: User
    device: str = ""
    method: str = LoginEvent.Method.PASSWORD
    """What they had shown before."""
    recovery_codes: tuple[str, ...] = ()


def prove(*, challenge: str, code: str, caller: Caller) -> Proven:
    """Return whose `challenge` it is if `code` is right; whoever had to enrol has done so now.

    :raises ChallengeOver: when it is unknown, used, too late or had too many tries.
    :raises AddressRefused: when nobody may come in from there.
    :raises WrongCode: when the code is wrong or was used before.
    :raises Locked: after too many failures.
    """
    # one transaction, so that a code and its challenge are used up together; a refusal is raised after its commit
    with transaction.atomic():
        held = second_factor.locked_challenge(challenge)
        caller = caller._replace(method=held.method) if held else caller
        if held is None:
            judged: Proven | GatehouseError = errors.ChallengeOver()
        elif refused := _refused(held.user, caller):
            judged = refused
        elif not second_factor.take_a_try(held, scope=caller.scope, user_agent=caller.user_agent):
            sign_in.note(held.user.username, held.user, caller, Reason.CHALLENGE_OVER)
            judged = errors.ChallengeOver()
        else:
            judged = _judge(held.user, code, caller, begun_for=held.token_hash)
            if isinstance(judged, Proven):
                second_factor.use_up(held)
                judged = judged._replace(device=held.device, method=held.method)
    return _told(judged)


def sign_in_with(
    *, challenge: str, code: str, caller: Caller, instead_of: str = ""
) -> tuple[LoginSession, tuple[str, ...]]:
    """Open the session that the challenge was for; with it come the recovery codes of who has just enrolled.

    :raises ChallengeOver, WrongCode, Locked: see `prove`.
    :raises TooManyDevices: see `sign_in.open_session`.
    """
    proven = prove(challenge=challenge, code=code, caller=caller)
    caller = caller._replace(method=proven.method)
    session = sign_in.open_session(proven.user, caller, device=proven.device, instead_of=instead_of)
    sign_in.succeeded(proven.user, session, caller)
    return session, proven.recovery_codes


def check(user: User, code: str, caller: Caller) -> None:
    """Ask somebody who is signed in for a code.

    :raises WrongCode: when it is wrong, was used before, or they have no second factor.
    :raises Locked: after too many failures.
    """
    with transaction.atomic():
        judged = _judge(user, code, caller)
    _told(judged)


def enrol(user: User, code: str, caller: Caller, *, begun_for: str) -> tuple[str, ...]:
    """Confirm the factor that was begun for this session by its first code; return the recovery codes.

    :raises HasSecondFactor: when the person has one already.
    :raises WrongCode, Locked: see `check`.
    """
    if second_factor.state_of(user).enabled:
        raise errors.HasSecondFactor
    with transaction.atomic():
        judged = _judge(user, code, caller, begun_for=begun_for)
    return _told(judged).recovery_codes


def _refused(user: User, caller: Caller) -> errors.AddressRefused | None:
    try:
        sign_in.ensure_address(user.username, user, caller)
    except errors.AddressRefused as refused:
        return refused
    return None


def _judge(user: User, code: str, caller: Caller, *, begun_for: str = "") -> Proven | GatehouseError:
    factor = second_factor.locked(user)
    try:
        lockout.ensure_open(user.username, caller.ip or None)
    except errors.Locked as problem:
        sign_in.note(user.username, user, caller, Reason.LOCKED)
        return problem
    made: tuple[str, ...] = ()
    if factor is None:
        right = False
    elif factor.confirmed_at is not None:
        right = codes.accept(factor, code)
    else:
        # of one that is only being set up, nobody but who was shown the secret may use codes
        found = second_factor.confirm(factor, code) if begun_for and factor.begun_for == begun_for else None
        right, made = found is not None, tuple(found or ())
    if right:
        return Proven(user, recovery_codes=made)
    sign_in.note(user.username, user, caller, Reason.WRONG_CODE)
    return errors.WrongCode()


def _told(judged: Proven | GatehouseError) -> Proven:
    if isinstance(judged, GatehouseError):
        raise judged
    return judged
