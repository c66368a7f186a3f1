"""Is this code right, now, for the first time? Secrets and recovery codes, and how they are kept.

Whoever asks holds the lock of the factor's row: of two who bring the same code at once, the second comes too late.
"""

import base64
import secrets
import time

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

from accounts.models import RecoveryCode, SecondFactor
from project.core import sealed

log = structlog.get_logger(__name__)

PURPOSE = "accounts.second-factor"
SECRET_BYTES = 20
DIGITS = 6
STEP = 30
DRIFT = 1
"""Steps that a phone's clock may be wrong by."""
RECOVERY_CODES = 10
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike: recovery codes are read from paper."""


def accept(factor: SecondFactor, code: str) -> bool:
    """Tell whether `code` is right and take it: it is wrong from now on."""
    plain = code.replace(" ", "").replace("-", "").lower()
    if len(plain) == DIGITS and plain.isascii() and plain.isdigit():
        return _accept_totp(factor, int(plain))
    return factor.confirmed_at is not None and _accept_recovery_code(factor, plain)


def new_secret() -> str:
    """Return a secret as it is kept."""
    return sealed.box(PURPOSE).encrypt(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_of(factor: SecondFactor) -> bytes:
    """Return the secret itself.

    :raises InvalidToken: when it was kept under another SECRET_KEY.
    """
    return sealed.box(PURPOSE).decrypt(factor.secret.encode())


def base32(secret: bytes) -> str:
    """Return a secret as apps take it."""
    return base64.b32encode(secret).decode()


def replace_recovery_codes(factor: SecondFactor) -> list[str]:
    """Make the factor's recovery codes anew and return them, this once."""
    made = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, code_hash=_hashes(one)[0]) for one in made)
    return [f"{one[:5]}-{one[5:]}" for one in made]


def _accept_totp(factor: SecondFactor, number: int) -> bool:
    try:
        clock = TOTP(secret_of(factor), step=STEP, digits=DIGITS)
    except InvalidToken:
        log.warning("second_factor.other_secret_key", user=factor.user_id)
        return False
    clock.time = time.time()
    if not clock.verify(number, tolerance=DRIFT, min_t=factor.last_step + 1):
        return False
    factor.last_step = clock.t()
    factor.save(update_fields=["last_step"])
    return True


def _accept_recovery_code(factor: SecondFactor, plain: str) -> bool:
    unused = factor.recovery_codes.filter(used_at=None, code_hash__in=_hashes(plain))
    return bool(unused.update(used_at=timezone.now()))


def _hashes(plain: str) -> list[str]:
    """The keyed hash to keep, then those an older SECRET_KEY would have made."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(f"{PURPOSE}.recovery", plain, secret=key, algorithm="sha256").hexdigest() for key in keys]
