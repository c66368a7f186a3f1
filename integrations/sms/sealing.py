"""What lies sealed in our tables: the providers' credentials, and the secret part of messages."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import InvalidToken

from project.core import sealed

CREDENTIALS, SECRETS = "sms.credentials", "sms.secrets"


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY."""


def close(purpose: str, values: Mapping[str, Any] | None) -> str:
    """Return `values` sealed; nothing for nothing."""
    return sealed.box(purpose).encrypt(json.dumps(dict(values)).encode()).decode() if values else ""


def reveal(purpose: str, text: str) -> dict[str, str]:
    """Return what was sealed.

    :raises Unreadable: when the key is not the one it was sealed with.
    """
    try:
        found: dict[str, str] = json.loads(sealed.box(purpose).decrypt(text.encode())) if text else {}
    except InvalidToken as problem:
        raise Unreadable from problem
    return found
