"""What would make sign-ins fail later is said at start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts import keys


@register("security")
def signing_keys_can_be_used(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Keys in files; those in the database are looked at when there is one (`jwt_keys check`)."""
    if not settings.JWT_KEYS_DIR:
        return []
    return [Error(problem, id="accounts.E001") for problem in keys.problems()]
