"""What each kind of provider wants to be told: credentials, and what else differs between them."""

from collections.abc import Mapping

from integrations.sms.models import Provider

CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    Provider.Kind.ALIYUN: ("access_key_id", "access_key_secret"),
    Provider.Kind.TENCENT: ("secret_id", "secret_key"),
}
"""Without these nothing can be sent by it."""
OPTIONS: Mapping[str, tuple[str, ...]] = {Provider.Kind.TENCENT: ("sdk_app_id", "region")}
SIGNATURE = "receipt_secret"
"""A credential that every kind may have: what its receipts are signed with."""
HIGHEST_PREFIX = 999


def needed(kind: str) -> tuple[str, ...]:
    """Return the names of the credentials without which nothing can be sent."""
    return CREDENTIALS.get(kind, ())


def known(kind: str) -> tuple[str, ...]:
    """Return the names of all credentials that it may have."""
    return (*needed(kind), SIGNATURE)


def options(kind: str) -> tuple[str, ...]:
    return OPTIONS.get(kind, ())


def every_credential() -> tuple[str, ...]:
    return (*(name for names in CREDENTIALS.values() for name in names), SIGNATURE)


def every_option() -> tuple[str, ...]:
    return tuple(name for names in OPTIONS.values() for name in names)
