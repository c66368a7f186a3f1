"""What happened to a person, a department or a role, with what was before and after it."""

from collections.abc import Sequence
from typing import Any

from auditlog.models import LogEntry
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accounts import deeds
from accounts.models import Role
from project.core import changes
from project.core.changes import Change


def of(row: Model) -> QuerySet[LogEntry]:
    """The audit entries about `row`, newest first."""
    entries: QuerySet[LogEntry] = LogEntry.objects.get_for_object(row)
    return entries.select_related("actor", "content_type").order_by("-timestamp", "-pk")


def may_see_values(user: Any, row: Model) -> bool:
    """Tell whether `user` may read what was before: who reads the audit trail, or may change the thing itself."""
    change = f"{row._meta.app_label}.change_{row._meta.model_name}"
    return bool(user.has_perm("auditlog.view_logentry") or user.has_perm(change, row))


def changed(entries: Sequence[LogEntry]) -> dict[int, list[Change]]:
    """Return what changed, by entry: fields, roles given and taken, permissions, names."""
    found = changes.noted(entries)
    role_names = {one.key: str(one) for one in Role.objects.select_related("group")} if _tell_roles(entries) else {}
    for entry in entries:
        found[entry.pk] += _told(entry, role_names)
    return found


def _event(entry: LogEntry) -> tuple[str, dict[str, Any]]:
    data = entry.additional_data or {}
    details = data.get("details")
    return str(data.get("event", "")), details if isinstance(details, dict) else {}


def _tell_roles(entries: Sequence[LogEntry]) -> bool:
    return any(_event(one)[0] in {"user.roles_changed", "user.created"} for one in entries)


def _told(entry: LogEntry, role_names: dict[str, str]) -> list[Change]:
    """What an event tells itself, where it is more than a field of the row."""
    event, details = _event(entry)
    match event:
        case "user.roles_changed" | "user.created":
            return _sets("roles", _("Roles"), details, lambda key: role_names.get(key, key))
        case "role.permissions_changed" | "role.created":
            return _sets("permissions", _("Permissions"), details, deeds.in_words)
        case "role.changed" | "department.moved":
            return _pairs(details, {"name": _("Name"), "parent": _("parent department")})
        case "role.scope_changed":
            return _scope(details)
    return []


def _sets(name: str, label: str, details: dict[str, Any], in_words: Any) -> list[Change]:
    """Entries from before differences were kept tell the whole: all that there was then."""
    if "added" in details or "taken" in details:
        added, taken = details.get("added", []), details.get("taken", [])
    else:
        added, taken = details.get(name, []), []
    if not added and not taken:
        return []
    return [Change(name, label, added=tuple(map(in_words, added)), taken=tuple(map(in_words, taken)))]


def _pairs(details: dict[str, Any], labels: dict[str, str]) -> list[Change]:
    return [
        Change(name, label, str(details[f"{name}_before"]), str(details[f"{name}_after"]))
        for name, label in labels.items()
        if f"{name}_before" in details and details[f"{name}_before"] != details[f"{name}_after"]
    ]


def _scope(details: dict[str, Any]) -> list[Change]:
    before = details.get("before") or ["", []]
    was, now = set(before[1]), set(details.get("departments", []))
    if was == now:
        return []
    return [Change("departments", _("Departments"), added=tuple(sorted(now - was)), taken=tuple(sorted(was - now)))]
