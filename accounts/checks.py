"""What would make sign-ins fail later is said at start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts import keys, places


@register("security")
def signing_keys_can_be_used(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Keys in files; those in the database are looked at when there is one (`jwt_keys check`)."""
    if not settings.JWT_KEYS_DIR:
        return []
    return [Error(problem, id="accounts.E001") for problem in keys.problems()]


@register()
def file_of_places_can_be_read(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The data of ip2region."""
    file = settings.IP2REGION_FILE
    if not file or not (problem := places.problem_of(str(file))):
        return []
    hint = "Give IP2REGION_FILE an xdb file of ip2region, or leave it empty: countries are known without."
    return [
        Error(f"IP2REGION_FILE: {file} cannot be read as data of ip2region: {problem}", hint=hint, id="accounts.E002")
    ]
