"""What is forgotten of a person, and what stays: rows keep their ids, so that what was done can still be counted and traced."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from auditlog.models import LogEntry
from django.contrib.admin.models import LogEntry as FormEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import (
    ApiToken,
    Device,
    LoginEvent,
    LoginSession,
    Mail,
    PasswordLink,
    PasswordRequest,
    SecondFactor,
    SignInChallenge,
    User,
)
from integrations.sms import codes, phones
from integrations.sms import services as text_messages

HIDDEN = "…"
"""Stands in the audit trail for a value that was forgotten."""
PERSONAL: Mapping[str, Any] = {
    "real_name": "",
    "nickname": "",
    "email": "",
    "phone": None,
    "gender": User.Gender.UNKNOWN,
    "avatar": "",
    "language": "",
    "time_zone": "",
}
"""What is known of a person, and what it becomes; the user name besides."""
ORIGIN: Mapping[str, Any] = {"ip": None, "user_agent": "", "country": "", "region": "", "browser": "", "os": ""}


def forget(person: User) -> None:
    """Forget who `person` was; the caller's transaction has locked their row and found that it may be done."""
    known = {str(value) for value in (person.username, *(getattr(person, name) for name in PERSONAL)) if value}
    username, mark = person.username, _free_name(person)
    names = _names_given_at_the_door(person)
    if person.avatar:
        transaction.on_commit(partial(person.avatar.storage.delete, str(person.avatar.name)))
    if person.phone:
        codes.forget(phones.as_sent(person.phone))
    # not save(): the audit trail would note what is to be forgotten
    nothing_left = {
        **PERSONAL,
        "username": mark,
        "phone_claimed": "",
        "phone_verified": "",
        "phone_verified_at": None,
        "is_staff": False,
        "is_superuser": False,
        "must_change_password": False,
    }
    User.objects.filter(pk=person.pk).update(
        **nothing_left, anonymised_at=timezone.now(), perm_epoch=F("perm_epoch") + 1
    )
    person.groups.clear()
    person.user_permissions.clear()
    _forget_sign_ins(person, names, mark)
    _forget_in_trail(person, username, known, mark)
    person.refresh_from_db()
    person.set_unusable_password()
    User.objects.filter(pk=person.pk).update(password=person.password)
    person.__dict__.pop("roles", None)


def _free_name(person: User) -> str:
    name = f"left-{person.pk}"
    while User.objects.filter(username__iexact=name).exclude(pk=person.pk).exists():
        name += "-"
    return name


def _names_given_at_the_door(person: User) -> list[str]:
    """What somebody types there who means this person: a user name, a mail address, a number."""
    number = phones.as_sent(person.phone) if person.phone else ""
    return [name for name in (person.username, person.email, number) if name]


def _forget_sign_ins(person: User, names: list[str], mark: str) -> None:
    """Where from and what with they signed in; that they did, and when, stays."""
    LoginSession.objects.filter(user=person).update(**ORIGIN, device="")
    theirs, asked_for = Q(user=person), Q()
    for name in names:
        theirs |= Q(user=None, username__iexact=name)
        asked_for |= Q(name__iexact=name)
    LoginEvent.objects.filter(theirs).update(**ORIGIN, username=mark)
    ApiToken.objects.filter(owner=person).update(name=mark, allowed_addresses=[], last_used_ip=None)
    PasswordRequest.objects.filter(asked_for).delete()
    text_messages.forget(person)
    for kind in (SecondFactor, SignInChallenge, PasswordLink, Device, Mail):
        kind._default_manager.filter(user=person).delete()


def _forget_in_trail(person: User, username: str, known: set[str], mark: str) -> None:
    kind = ContentType.objects.get_for_model(User)
    for entry in LogEntry.objects.filter(content_type=kind, object_pk=str(person.pk)).iterator():
        entry.object_repr = mark
        entry.changes = {name: _hidden(name, change) for name, change in entry.changes_dict.items()} or entry.changes
        entry.additional_data = _without(entry.additional_data, known, mark, drop_reason=True)
        _rewrite(entry)
    _forget_sessions_in_trail(person, mark)
    word = re.compile(rf"(?<![\w.@+-]){re.escape(username)}(?![\w.@+-])")
    for entry in _mentioning(username).iterator():
        entry.object_repr = word.sub(mark, entry.object_repr)
        entry.additional_data = _without(entry.additional_data, known, mark)
        _rewrite(entry)
    LogEntry.objects.filter(actor=person).update(remote_addr=None, remote_port=None, actor_email=None)
    FormEntry.objects.filter(content_type=kind, object_id=str(person.pk)).update(object_repr=mark)


def _forget_sessions_in_trail(person: User, mark: str) -> None:
    """An entry about a session is called by its device, one about a token by the name they gave it."""
    for model in (LoginSession, ApiToken):
        owner = "user" if model is LoginSession else "owner"
        keys = [str(pk) for pk in model._default_manager.filter(**{owner: person}).values_list("pk", flat=True)]
        kind = ContentType.objects.get_for_model(model)
        LogEntry.objects.filter(content_type=kind, object_pk__in=keys).update(object_repr=mark)


def _mentioning(username: str) -> models.QuerySet[LogEntry]:
    """Entries about others, or about nothing in particular, in which the user name stands."""
    text = Cast("additional_data", models.TextField())
    written = {username, json.dumps(username)[1:-1]}
    found = Q(object_repr__contains=username)
    for one in written:
        found |= Q(text__contains=one)
    entries: models.QuerySet[LogEntry] = LogEntry.objects.annotate(text=text).filter(found)
    return entries


def _rewrite(entry: LogEntry) -> None:
    LogEntry.objects.filter(pk=entry.pk).update(
        object_repr=entry.object_repr,
        changes=entry.changes,
        changes_text="",
        serialized_data=None,
        additional_data=entry.additional_data,
    )


def _hidden(field: str, change: Any) -> Any:
    if field not in PERSONAL and field != "username":
        return change
    if not isinstance(change, list):
        return HIDDEN
    return [value if value in {None, "None", ""} else HIDDEN for value in change]


def _unnamed(reason: Any, known: set[str], mark: str) -> str:
    """`reason`, which somebody wrote freely, without the person's names in it."""
    text = str(reason)
    for name in sorted(known, key=len, reverse=True):
        text = text.replace(name, mark) if len(name) > 1 else text
    return text


def _without(data: Any, known: set[str], mark: str, *, drop_reason: bool = False) -> Any:
    """`data` with everything that names the person replaced; `drop_reason`: what was written about them goes too."""
    if isinstance(data, dict):
        kept = {name: value for name, value in data.items() if not (drop_reason and name == "reason")}
        return {
            name: _unnamed(value, known, mark) if name == "reason" else _without(value, known, mark)
            for name, value in kept.items()
        }
    if isinstance(data, list):
        return [_without(value, known, mark) for value in data]
    return mark if isinstance(data, str) and data in known else data
