"""The log of sign-ins: who may read it, and how it is looked through."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import LoginEvent

EXACT = frozenset({"user", "succeeded", "reason", "scope", "country", "is_new_device", "device_kind"})
FILTERS = EXACT | {"search", "since", "until"}


def seen_by(user: Any) -> QuerySet[LoginEvent]:
    """The attempts `user` may see: those of the people in their scope; with names that nobody has, who sees everybody."""
    return LoginEvent.objects.seen_by(user).select_related("user")


def narrowed(events: QuerySet[LoginEvent], asked: Mapping[str, Any]) -> QuerySet[LoginEvent]:
    """The attempts that `asked` names, by FILTERS."""
    for name, value in asked.items():
        match name:
            case "search":
                events = events.filter(searched(value))
            case "since":
                events = events.filter(created_at__gte=value)
            case "until":
                events = events.filter(created_at__lt=value)
            case _ if name in EXACT:
                events = events.filter(**{name: value})
    return events


def searched(text: str) -> Q:
    """Attempts whose user name, name of the person, address or browser contain `text`."""
    fields = ("username", "user__real_name", "ip", "browser")
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": text})
    return found
