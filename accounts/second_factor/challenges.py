"""What somebody holds between the password and the code: worth nothing alone, good once, for five minutes."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.models import LoginEvent, SecondFactor, SignInChallenge, User
from accounts.second_factor import factor

LIFETIME = timedelta(minutes=5)
MAX_TRIES = 5


class Challenge(NamedTuple):
    """A challenge just made; `to_enrol` for somebody who must have a second factor and has none yet."""

    token: str
    to_enrol: SecondFactor | None

    def as_json(self) -> dict[str, Any]:
        """Return what a client is told with 20005."""
        shown = {"challenge": self.token, "expires_in": int(LIFETIME.total_seconds())}
        return shown | ({"enrolment": factor.to_show(self.to_enrol)} if self.to_enrol else {})


def begin_challenge(
    user: User, *, scope: str, device: str, user_agent: str, method: str = LoginEvent.Method.PASSWORD
) -> Challenge:
    """Remember that `user` gave the right password, or another right thing, here and now, with this program."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    held = SignInChallenge.objects.create(
        token_hash=_hash(token),
        user=user,
        auth_epoch=user.auth_epoch,
        scope=scope,
        method=method,
        device=device[:100],
        user_agent=user_agent[:300],
        created_at=now,
        expires_at=now + LIFETIME,
    )
    has_one = SecondFactor.objects.confirmed().filter(user=user).exists()
    return Challenge(token, None if has_one else factor.begin(user, begun_for=held.token_hash))


def locked_challenge(token: str) -> SignInChallenge | None:
    """Return the challenge, its row locked; None when there is no such."""
    return SignInChallenge.objects.select_for_update().filter(token_hash=_hash(token)).first()


def open_challenge(token: str, *, scope: str, user_agent: str) -> SignInChallenge | None:
    """Return the challenge if a code for it may still be tried; nothing is counted."""
    held = SignInChallenge.objects.filter(token_hash=_hash(token)).select_related("user").first()
    return held if held is not None and _is_open(held, scope, user_agent) else None


def take_a_try(held: SignInChallenge, *, scope: str, user_agent: str) -> bool:
    """Count a try; False when the challenge is over, or another program's.

    It is over after five minutes, five tries, a success, and a change of password. The address does not count: phones
    change theirs between one step and the next.
    """
    if not _is_open(held, scope, user_agent):
        return False
    held.tries += 1
    held.save(update_fields=["tries"])
    return True


def use_up(held: SignInChallenge) -> None:
    """Nobody signs in with this challenge again."""
    held.used_at = timezone.now()
    held.save(update_fields=["used_at"])


def forget_run_out() -> int:
    """Delete challenges whose time is over; return how many."""
    return SignInChallenge.objects.filter(expires_at__lt=timezone.now() - LIFETIME).delete()[0]


def _is_open(held: SignInChallenge, scope: str, user_agent: str) -> bool:
    is_over = held.used_at is not None or held.expires_at <= timezone.now() or held.tries >= MAX_TRIES
    is_void = not held.user.is_active or held.user.auth_epoch != held.auth_epoch
    return not is_over and not is_void and (held.scope, held.user_agent) == (scope, user_agent[:300])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
