"""What the audit trail's events are called, and how they look in lists."""

from typing import Any, NamedTuple

from auditlog.models import LogEntry
from django.utils.translation import gettext, gettext_lazy

from project.core.admin import Tone


class Look(NamedTuple):
    """How an event reads after the name of who did it."""

    text: Any
    icon: str = "history"
    tone: Tone = "info"


EVENTS: dict[str, Look] = {
    "user.created": Look(gettext_lazy("created a person"), "person_add", "ok"),
    "user.updated": Look(gettext_lazy("changed a person"), "edit"),
    "user.deactivated": Look(gettext_lazy("disabled a person"), "person_off", "bad"),
    "user.activated": Look(gettext_lazy("enabled a person again"), "person_check", "ok"),
    "user.deleted": Look(gettext_lazy("deleted a person"), "person_remove", "bad"),
    "user.unlocked": Look(gettext_lazy("unlocked a person"), "lock_open"),
    "user.roles_changed": Look(gettext_lazy("changed a person's roles"), "shield_person", "warn"),
    "user.password_set": Look(gettext_lazy("set a person's password"), "password", "warn"),
    "user.password_changed": Look(gettext_lazy("changed the own password"), "password"),
    "password.changed": Look(gettext_lazy("changed a password"), "password"),
    "session.displaced": Look(gettext_lazy("signed in elsewhere; the older session ended"), "devices"),
    "session.revoked": Look(gettext_lazy("ended a session"), "key_off", "bad"),
    "session.reuse": Look(gettext_lazy("a refresh token was used twice; the session ended"), "warning", "bad"),
    "session.password": Look(gettext_lazy("a session ended: the password changed"), "key_off"),
    "session.disabled": Look(gettext_lazy("a session ended: the account was disabled"), "key_off", "bad"),
    "sessions.ended": Look(gettext_lazy("ended sessions"), "key_off", "bad"),
    "import.uploaded": Look(gettext_lazy("uploaded a workbook"), "upload_file"),
    "import.confirmed": Look(gettext_lazy("confirmed an import"), "task_alt"),
    "import.done": Look(gettext_lazy("imported a workbook"), "task_alt", "ok"),
    "import.failed": Look(gettext_lazy("an import failed"), "error", "bad"),
    "import.cancelled": Look(gettext_lazy("cancelled an import"), "cancel"),
    "import.undone": Look(gettext_lazy("took an import back"), "undo", "warn"),
    "export.done": Look(gettext_lazy("exported a list"), "file_save"),
    "demo.loaded": Look(gettext_lazy("demo data was loaded"), "theater_comedy"),
}
BY_ACTION: dict[int, Look] = {
    LogEntry.Action.CREATE: Look(gettext_lazy("created: %(kind)s"), "add_circle", "ok"),
    LogEntry.Action.UPDATE: Look(gettext_lazy("changed: %(kind)s"), "edit"),
    LogEntry.Action.DELETE: Look(gettext_lazy("deleted: %(kind)s"), "delete", "bad"),
    LogEntry.Action.ACCESS: Look(gettext_lazy("looked at: %(kind)s"), "visibility", "idle"),
}


def event_of(entry: LogEntry) -> str:
    """Return the event's name; "" for a change that was noted by itself."""
    return str((entry.additional_data or {}).get("event", ""))


def look_of(entry: LogEntry) -> Look:
    """Return how an entry reads and looks; an unknown event shows its own name."""
    event = event_of(entry)
    if event:
        return EVENTS.get(event, Look(event))
    plain = BY_ACTION.get(entry.action, Look("%(kind)s"))
    return plain._replace(text=gettext(str(plain.text)) % {"kind": kind_of(entry)})


def kind_of(entry: LogEntry) -> str:
    """Return what kind of thing an entry is about."""
    model = entry.content_type.model_class()
    return str(model._meta.verbose_name) if model else entry.content_type.model


def reason_of(entry: LogEntry) -> str:
    """Return the reason somebody gave."""
    return str((entry.additional_data or {}).get("reason", ""))
