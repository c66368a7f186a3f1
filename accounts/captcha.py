"""A piece of work a client must do before it may ask again: what guessing many passwords costs, and one person hardly feels.

The work is ALTCHA's (https://altcha.org): find the number whose Argon2id hash begins with a given byte. A challenge is signed
and kept nowhere; a solution is good once, for three minutes, for one purpose. That it was used is a row, so no other node
takes it again, with or without Redis.

    captcha.ensure(Purpose.SMS, phone, given)       # in front of whatever costs us or others something
"""

import hashlib
import time
from datetime import timedelta
from enum import StrEnum
from typing import Any

import altcha
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import errors
from accounts.models import CaptchaUse

LIFETIME_SECONDS = 180
WINDOW = timedelta(minutes=15)
"""How long what was asked for before makes the next captcha of the same purpose harder."""
MAX_LEVEL = 3
"""Each level doubles the work; this one takes a slow phone half a minute."""
MEMORY_KIB = 1024
FIRST_BYTE = "00"
"""256 tries, on the average: about half a second of a browser, six tenths of a millisecond to check."""
MAX_LENGTH = 4096


class Purpose(StrEnum):
    """What a captcha stands in front of; a solution for one is none for another."""

    LOGIN = "login"
    PASSWORD_RESET = "password-reset"  # noqa: S105 (no password)
    SMS = "sms-code"


def ensure(purpose: Purpose, about: str, given: str, *, level: int = 0) -> None:
    """Take the solution that was given with a request; it is used up. Call it outside of transactions, when one is due.

    :param about: what is asked for: a user name, a phone number. The oftener, the harder.
    :param level: harder from the start; the door's lock-out says how hard (`Tally.captcha_level`).
    :raises CaptchaRequired: carries a challenge to solve.
    """
    if not is_on():
        return
    needed = _level(purpose, about, level)
    if not given:
        raise errors.CaptchaRequired(extra=challenge(purpose, about, level=needed))
    signature = _solved(purpose, given, needed)
    if signature is None or not _use_up(purpose, about, signature):
        raise errors.CaptchaRefused(extra=challenge(purpose, about, level=needed))


def is_on() -> bool:
    """Does this house ask for captchas at all?"""
    return bool(settings.CAPTCHA_AFTER_FAILURES >= 0)


def challenge(purpose: Purpose, about: str, *, level: int = 0) -> dict[str, Any]:
    """Return a challenge as a client is told it."""
    hardness = _level(purpose, about, level)
    made = altcha.create_challenge(
        "ARGON2ID",
        2**hardness,
        memory_cost=MEMORY_KIB,
        parallelism=1,
        key_prefix=FIRST_BYTE,
        expires_at=int(time.time()) + LIFETIME_SECONDS,
        data={"for": purpose.value, "level": hardness},
        hmac_secret=_secret(),
    )
    return {"captcha": made.to_dict(), "expires_in": LIFETIME_SECONDS}


def forget_run_out() -> int:
    """Delete what is remembered of solutions that nobody could use again anyway; return how many."""
    return CaptchaUse.objects.filter(used_at__lt=timezone.now() - WINDOW).delete()[0]


def _level(purpose: Purpose, about: str, level: int) -> int:
    if purpose != Purpose.LOGIN:
        before = CaptchaUse.objects.filter(about_hash=_keyed(purpose, about), used_at__gt=timezone.now() - WINDOW)
        level = max(level, before.count())
    return min(level, MAX_LEVEL)


def _solved(purpose: Purpose, given: str, needed: int) -> str | None:
    """Return the signature of the challenge that `given` solves, None if it is no solution that would do here."""
    if len(given) > MAX_LENGTH:
        return None
    try:
        payload = altcha.Payload.from_base64(given)
        data = payload.challenge.parameters.data
        is_meant = isinstance(data, dict) and data.get("for") == purpose and data.get("level", -1) >= needed
        is_good = is_meant and altcha.verify_solution(payload, _secret()).verified
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None  # whatever it is, it is no solution
    return payload.challenge.signature if is_good else None


def _use_up(purpose: Purpose, about: str, signature: str) -> bool:
    """Of many who bring the same solution, on any node, one is told True."""
    _row, is_first = CaptchaUse.objects.get_or_create(
        challenge_hash=hashlib.sha256(signature.encode()).hexdigest(),
        defaults={"purpose": purpose.value, "about_hash": _keyed(purpose, about)},
    )
    return is_first


def _keyed(purpose: Purpose, about: str) -> str:
    return salted_hmac(f"accounts.captcha.{purpose.value}", about, algorithm="sha256").hexdigest()


def _secret() -> bytes:
    return salted_hmac("accounts.captcha", "challenge", algorithm="sha256").digest()
