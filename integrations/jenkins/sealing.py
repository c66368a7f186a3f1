"""What lies sealed in our tables: the servers' API tokens, and secret parameters of builds."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import InvalidToken

from project.core import sealed

TOKEN, PARAMETERS = "jenkins.token", "jenkins.parameters"


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY."""


def close(purpose: str, value: str | Mapping[str, Any]) -> str:
    """Return `value` sealed; nothing for nothing."""
    return sealed.box(purpose).encrypt(json.dumps(value).encode()).decode() if value else ""


def reveal(purpose: str, text: str, nothing: Any) -> Any:
    """Return what was sealed, or `nothing` for nothing.

    :raises Unreadable: when the key is not the one it was sealed with.
    """
    try:
        return json.loads(sealed.box(purpose).decrypt(text.encode())) if text else nothing
    except InvalidToken as problem:
        raise Unreadable from problem
