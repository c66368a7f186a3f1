"""Texts that must not lie open in the database: sealed with a key made of SECRET_KEY, which is not in it."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def box(purpose: str) -> MultiFernet:
    """Return what seals and opens for `purpose`; nothing sealed for one purpose opens for another.

    Opening raises `cryptography.fernet.InvalidToken` where another SECRET_KEY sealed.
    """
    return _box_of(purpose, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=32)
def _box_of(purpose: str, *secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(purpose, secret)) for secret in secrets])


def _derived(purpose: str, secret: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"gatehouse.{purpose}".encode())
    return base64.urlsafe_b64encode(hkdf.derive(secret.encode()))
