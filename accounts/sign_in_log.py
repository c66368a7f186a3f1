"""The log of sign-ins: who may read it, and how it is looked through."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import LoginEvent

SEARCHED = ("username", "user__real_name", "ip", "browser")
EXACT = ("user", "succeeded", "reason", "scope", "method", "country", "is_new_device", "device_kind")
LOOKUPS = {name: name for name in EXACT} | {"since": "created_at__gte", "until": "created_at__lt"}
"""What the log can be narrowed by besides `search`, and what that means."""


def seen_by(user: Any) -> QuerySet[LoginEvent]:
    """The attempts `user` may see: those of the people in their scope; with names that nobody has, who sees everybody."""
    return LoginEvent.objects.seen_by(user).select_related("user")


def narrowed(events: QuerySet[LoginEvent], asked: Mapping[str, Any]) -> QuerySet[LoginEvent]:
    """The attempts that `asked` names, by LOOKUPS or as `search`."""
    rest = dict(asked)
    if "search" in rest:
        events = events.filter(_searched(rest.pop("search")))
    return events.filter(**{LOOKUPS[name]: value for name, value in rest.items()})


def _searched(text: str) -> Q:
    """Attempts whose user name, name of the person, address or browser contain `text`."""
    found = Q()
    for field in SEARCHED:
        found |= Q(**{f"{field}__icontains": text})
    return found
