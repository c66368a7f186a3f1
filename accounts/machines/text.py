"""How a token looks:  ght_ + id (12) + secret (32) + checksum (6), letters and digits throughout.

Secret scanners know it by its prefix and its checksum (CRC-32 of all before it, in base 62), without asking us. The id is
no secret and stands in lists and logs. Of the secret only a keyed hash is kept: who reads the table can make no token of it,
nor try any without SECRET_KEY.
"""

import binascii
import re
import secrets
import string
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

PREFIX = "ght_"
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 32, 6
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SALT = "gatehouse.accounts.api-token"
_TOKEN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}}")


class Parts(NamedTuple):
    """What a token consists of."""

    key_id: str
    secret: str

    def __str__(self) -> str:
        text = PREFIX + self.key_id + self.secret
        return text + checksum(text)


def make() -> Parts:
    """Make a token nobody can guess."""
    return Parts(_random(ID_LENGTH), _random(SECRET_LENGTH))


def read(token: str) -> Parts | None:
    """Take a token apart; None when it is none of ours, or mistyped."""
    if not _TOKEN.fullmatch(token) or checksum(token[:-CHECKSUM_LENGTH]) != token[-CHECKSUM_LENGTH:]:
        return None
    after_id = len(PREFIX) + ID_LENGTH
    return Parts(token[len(PREFIX) : after_id], token[after_id:-CHECKSUM_LENGTH])


def digest(parts: Parts) -> str:
    """What is kept of the secret."""
    return _digest(parts, settings.SECRET_KEY)


def proves(parts: Parts, kept: str) -> bool:
    """Is this the secret of which `kept` is kept? Takes as long for a wrong one as for the right one."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    matches = [constant_time_compare(_digest(parts, key), kept) for key in keys]
    return any(matches)


def checksum(text: str) -> str:
    """CRC-32 in base 62."""
    number = binascii.crc32(text.encode())
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits.rjust(CHECKSUM_LENGTH, ALPHABET[0])


def _digest(parts: Parts, key: str | bytes) -> str:
    return salted_hmac(SALT, parts.key_id + parts.secret, key, algorithm="sha256").hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
