"""Where everybody is signed in: who may see it, and how it is looked through."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import LoginSession

EXACT = frozenset({"user", "scope", "kind", "device_kind", "country", "end_reason"})


def seen_by(user: Any) -> QuerySet[LoginSession]:
    """The sessions `user` may see: those of the people in their scope."""
    return LoginSession.objects.seen_by(user).select_related("user", "subject", "ended_by")


def narrowed(sessions: QuerySet[LoginSession], asked: Mapping[str, Any]) -> QuerySet[LoginSession]:
    """The sessions that `asked` names."""
    for name, value in asked.items():
        match name:
            case "live":
                live = LoginSession.objects.live().values("pk")
                sessions = sessions.filter(pk__in=live) if value else sessions.exclude(pk__in=live)
            case "department":
                below = value.descendants(include_self=True).values_list("pk", flat=True)
                sessions = sessions.filter(user__department__in=list(below))
            case "search":
                sessions = sessions.filter(_searched(value))
            case "since":
                sessions = sessions.filter(created_at__gte=value)
            case "until":
                sessions = sessions.filter(created_at__lt=value)
            case _ if name in EXACT:
                sessions = sessions.filter(**{name: value})
    return sessions


def _searched(text: str) -> Q:
    found = Q()
    for field in ("user__username", "user__real_name", "ip", "device", "browser"):
        found |= Q(**{f"{field}__icontains": text})
    return found
