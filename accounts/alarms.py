"""What people are told at once about their own account: on their sockets, and by mail."""

from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mails, places
from accounts.models import LoginEvent, LoginSession, Origin, User
from integrations.sms import phones
from project.core import context
from project.core.errors import GatehouseError
from realtime import gateway

log = structlog.get_logger(__name__)


def tell(person: User, mail: str, values: dict[str, Any], notice: dict[str, Any], *, address: str = "") -> None:
    """Write the mail's row in the caller's transaction, and push `notice` to the person's sockets when that is through.

    :param address: where the mail goes; by default, to the person's own.
    """
    mails.send(person, mail, values, address=address)
    transaction.on_commit(partial(_push, person.pk, notice))


def new_device(event: LoginEvent) -> None:
    """Tell somebody that their account was used on a device they never signed in with."""
    if event.user is not None:
        device = event.session.device if event.session else ""
        _tell(event.user, "new_device", event, scope=event.scope, device=device)


def token_reused(session: LoginSession) -> None:
    """Tell somebody that a used refresh token came back, which has ended their session."""
    here = context.current()
    _tell(session.user, "token_reused", session, scope=session.scope, device=session.device, ip=here.ip if here else "")


def impersonated(person: User, *, by: User, reason: str, until: datetime, writes: bool) -> None:
    """Tell somebody that a member of staff acts as them, why, and until when at the latest."""
    values: dict[str, Any] = {
        "by": by.get_full_name(),
        "by_username": by.username,
        "reason": reason,
        "writes": writes,
        "happened_at": timezone.now(),
        "until_at": until,
    }
    with translation.override(person.language or settings.LANGUAGE_CODE):
        text = _("{by} acts as you for a while: {reason}").format_map(values)
    tell(person, "impersonated", values, {"kind": "impersonated", "text": text, **values})


def phone_changed(person: User, *, address: str = "") -> None:
    """Tell somebody that another phone number is theirs now, or none: codes that go there let in.

    :param address: the mail address they had, where that has just changed too.
    """
    values = {
        "phone": phones.masked(person.phone) if person.phone else "",
        "verified": person.has_verified_phone,
        "happened_at": timezone.now(),
    }
    with translation.override(person.language or settings.LANGUAGE_CODE):
        text = _("Your account has another phone number.") if person.phone else _("Your phone number was removed.")
    tell(person, "phone_changed", values, {"kind": "phone_changed", "text": text}, address=address)


def mail_address_changed(person: User, *, address: str) -> None:
    """Tell somebody, at the address they had, that they have another now, or none: links that go there choose a password."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        text = _("The mail address of your account was changed.")
    notice = {"kind": "mail_address_changed", "text": text}
    tell(person, "mail_address_changed", {"happened_at": timezone.now()}, notice, address=address)


def large_export(by: User | None, *, what: Any, rows: int, in_a_day: int, filters: dict[str, Any]) -> None:
    """Tell the administrators that somebody took many rows out.

    :param what: the name of the list; translated for each who is told.
    """
    values: dict[str, Any] = {
        "by": by.get_full_name() if by else "",
        "by_username": by.username if by else "",
        "rows": rows,
        "rows_in_a_day": in_a_day,
        "happened_at": timezone.now(),
    }
    narrowed = ", ".join(f"{name} = {value}" for name, value in filters.items())[:300]
    for person in User.objects.active().filter(is_superuser=True):
        with translation.override(person.language or settings.LANGUAGE_CODE):
            told = values | {"what": str(what)}
            text = _("{by} exported {rows} rows: {what}.").format_map(told)
        tell(person, "large_export", told | {"filters": narrowed}, {"kind": "large_export", "text": text, **told})


TEXT_MESSAGES = {
    "sms_given_up": gettext_lazy("A text message was given up: {what}. {reason}"),
    "sms_account_trouble": gettext_lazy("{what} refuses us: {reason}"),
    "sms_budget_near": gettext_lazy("Text messages have cost most of the day's budget: {what}."),
    "sms_budget_spent": gettext_lazy(
        "The day's budget for text messages is spent: {what}. No codes are sent before midnight."
    ),
    "sms_conversion": gettext_lazy("Hardly any codes by text message are used. {what}"),
}


def text_messages(kind: str, *, why: str, message: str = "", provider: str = "") -> None:
    """Tell the administrators that text messages do not go out, or that too many do.

    :param kind: "sms_given_up": a message used up its attempts; "sms_account_trouble": a provider refuses us; "sms_budget_near",
        "sms_budget_spent": what they cost today; "sms_conversion": few of the codes are used.
    """
    values: dict[str, Any] = {"what": message or provider, "reason": why, "happened_at": timezone.now()}
    for person in User.objects.active().filter(is_superuser=True):
        with translation.override(person.language or settings.LANGUAGE_CODE):
            notice = {"kind": kind, "text": str(TEXT_MESSAGES[kind]).format_map(values), **values}
        tell(person, kind, values, notice)


def _tell(person: User, kind: str, origin: Origin, *, scope: str, device: str, ip: str = "") -> None:
    with translation.override(person.language or settings.LANGUAGE_CODE):
        place = places.of(ip) if ip else places.Place(origin.country, origin.region)
        values: dict[str, Any] = {
            "device": device or origin.program or _("Unknown device"),
            "scope": str(LoginSession.Scope(scope).label),
            "place": str(place),
            "ip": ip or origin.ip or "",
            "happened_at": timezone.now(),
        }
        notice = {"kind": kind, "text": _text(kind, values), **values}
    tell(person, kind, values, notice)


def _text(kind: str, values: dict[str, Any]) -> str:
    if kind == "new_device":
        return _("Your account was signed in on a new device: {device}, {place}.").format_map(values)
    return _("Your session was ended because a used token came back: {device}, {place}.").format_map(values)


def _push(user_id: int, notice: dict[str, Any]) -> None:
    try:
        gateway.send_user(user_id, "notice", notice)
    except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
        log.info("alarm.not_pushed", user=user_id, problem=str(problem))  # the mail follows
