"""One door to the audit trail: what people did, as rows of django-auditlog beside the changes it records by itself.

    audit.record("user.password_reset", user, actor=admin, reason="forgot it", by="mail")

Who acts, from where and under which request id are taken from the request context when not given; automatic entries
get them too, whatever way the request was authenticated. Secrets are taken out before a row is written.
"""

from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.db.models.signals import pre_save

from project.core import context
from project.core.redaction import redacted

REPR_LENGTH = 500


def record(event: str, obj: Model | None = None, *, actor: Any = None, reason: str = "", **details: Any) -> LogEntry:
    """Write one entry: `event` is "noun.what_happened", `details` plain values worth reading later."""
    about: Model = obj if obj is not None else LogEntry()
    data: dict[str, Any] = {"event": event}
    data |= {"reason": reason} if reason else {}
    data |= {"details": _plain(redacted(details))} if details else {}
    return LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(about),
        object_pk=str(obj.pk) if obj is not None else "",
        object_id=obj.pk if obj is not None and isinstance(obj.pk, int) else None,
        object_repr=str(obj)[:REPR_LENGTH] if obj is not None else event,
        action=LogEntry.Action.UPDATE,
        actor=actor if isinstance(actor, Model) else None,
        additional_data=data,
        cid=context.get_request_id() or None,
    )


def connect() -> None:
    """Fill in who and from where on every entry; called once, when the apps are ready."""
    pre_save.connect(_fill_in, sender=LogEntry, dispatch_uid="gatehouse.audit")


def _fill_in(sender: Any, instance: Any, **_rest: Any) -> None:
    asking = context.current()
    if asking is None or not instance._state.adding:
        return
    user = asking.user
    if instance.actor_id is None and user is not None:
        instance.actor_id = user.actor_id or user.user_id
    if user is not None and user.actor_id and user.actor_id != user.user_id:
        if instance.actor_id == user.user_id:
            # whoever says "actor=by" means the person of the request: it was not they
            instance.actor_id = user.actor_id
        instance.additional_data = {**(instance.additional_data or {}), "as_user": user.user_id, "as": user.username}
    if user is not None and user.machine:
        instance.additional_data = {**(instance.additional_data or {}), "machine": user.machine}
    instance.remote_addr = instance.remote_addr or asking.ip or None
    instance.cid = instance.cid or asking.request_id or None


def _plain(value: Any) -> Any:
    """Return `value` as JSON takes it."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
