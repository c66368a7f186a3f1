"""The before and after of audit entries, as people read it: fields by their names, rows by theirs, yes for True."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import Any, NamedTuple

from auditlog.models import LogEntry
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

NOTHING = ("", None, "None")
NEVER = frozenset({"password", "secret", "token", "secret_hash", "token_hash", "id"})
Related = dict[type[models.Model], dict[str, str]]


class Change(NamedTuple):
    """One field that changed: from one value to another, or by what was added to it and taken from it."""

    field: str
    label: str
    before: str = ""
    after: str = ""
    added: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


def noted(entries: Sequence[LogEntry]) -> dict[int, list[Change]]:
    """Return what changed, by entry; as few queries as there are kinds of things that were pointed at."""
    related = _related(entries)
    return {entry.pk: _changes(entry, related) for entry in entries}


def _changes(entry: LogEntry, related: Related) -> list[Change]:
    told = [
        _change(entry.content_type.model_class(), name, change, related)
        for name, change in (entry.changes_dict or {}).items()
        if _is_told(entry, name)
    ]
    # a new row's empty fields went from nothing to nothing
    return [one for one in told if one.added or one.taken or one.before != one.after]


def _is_told(entry: LogEntry, name: str) -> bool:
    """auditlog notes what points at a row, too; that is a change of the other row."""
    field = field_of(entry.content_type.model_class(), name)
    return name not in NEVER and (field is None or field.concrete)


def field_of(model: type[models.Model] | None, name: str) -> Any:
    """The model's field of this name; None when there is none any more."""
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _related(entries: Sequence[LogEntry]) -> Related:
    wanted: dict[Any, set[str]] = defaultdict(set)
    for entry in entries:
        for name, change in (entry.changes_dict or {}).items():
            field = field_of(entry.content_type.model_class(), name)
            if field is not None and field.many_to_one and isinstance(change, list):
                wanted[field.related_model] |= {str(value) for value in change if str(value).isdigit()}
    return {
        model: {str(pk): str(row) for pk, row in model._base_manager.in_bulk([int(one) for one in keys]).items()}
        for model, keys in wanted.items()
    }


def _change(model: type[models.Model] | None, name: str, change: Any, related: Related) -> Change:
    field = field_of(model, name)
    label = str(getattr(field, "verbose_name", "") or name)
    if isinstance(change, dict):
        things = tuple(str(one) for one in change.get("objects", ()))
        adds = change.get("operation") == "add"
        return Change(name, label, added=things if adds else (), taken=() if adds else things)
    before, after = change if isinstance(change, list) and len(change) == 2 else ("", change)
    return Change(name, label, shown(field, before, related), shown(field, after, related))


def shown(field: Any, value: Any, related: Related) -> str:
    """A stored value in words; "" for none."""
    if value in NOTHING:
        return ""
    text = str(value)
    if field is None:
        return text
    if field.many_to_one:
        return related.get(field.related_model, {}).get(text, f"#{text}")
    if field.choices:
        names = {str(key): str(name) for key, name in field.flatchoices}
        return names.get(text, text)
    match field:
        case models.BooleanField():
            return _("yes") if text == "True" else _("no")
        case models.DateTimeField():
            return _moment(text)
        case models.FileField():
            return _("a file")
    return text


def _moment(text: str) -> str:
    """auditlog keeps moments in UTC, without saying so."""
    try:
        moment = parse_datetime(text)
    except (ValueError, ValidationError):
        return text
    if moment is None:
        return text
    aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
    return date_format(timezone.localtime(aware), "Y-m-d H:i:s")
