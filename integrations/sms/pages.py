"""What the pages of text messages show."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from integrations.sms import looks
from integrations.sms.models import Attempt, Message
from project.core.admin import Tone, ago

WENT_WRONG = frozenset({Message.State.FAILED, Message.State.DEAD, Message.State.UNKNOWN, Message.State.PENDING})


@dataclass(frozen=True)
class Step:
    """One line of a message's history."""

    at: datetime
    icon: str
    tone: Tone
    title: str
    lines: tuple[str, ...] = ()
    code: str = ""

    @property
    def shown_at(self) -> SafeString:
        return ago(self.at)


def of_message(message: Message, user: Any) -> dict[str, Any]:
    """The page of one message."""
    tries = list(message.tries.select_related("provider"))
    waits = message.state in Message.CLAIMABLE
    cost = sum((one.cost for one in tries if one.outcome in Attempt.SENT), message.cost if waits else Decimal(0))
    return {
        "message": message,
        "state": looks.state(message),
        "phone": looks.phone(message.phone, user),
        "whole_phone": user.has_perm(looks.VIEW_PHONE),
        "purpose": looks.purpose(message.purpose),
        "cost": looks.money(cost, message.currency),
        "is_estimate": waits,
        "why": why(message),
        "steps": list(_steps(message, tries)),
        "moves": waits,
        "can_be_cancelled": message.state == Message.State.PENDING,
        "person_url": _person_url(message, user),
    }


def why(message: Message) -> str:
    """Why a message did not arrive, or not yet, in words; "" where nothing went wrong."""
    if message.state not in WENT_WRONG or not (message.error or message.error_code):
        return ""
    return looks.in_words(message.error_code, message.error)


def _steps(message: Message, tries: Iterable[Attempt]) -> Iterator[Step]:
    who = message.created_by.get_full_name() if message.created_by else _("The system")
    yield Step(message.created_at, "edit", "idle", pgettext("step of a text message", "Asked for"), (who,))
    for attempt in tries:
        yield from _attempt(attempt)
    match message.state:
        case Message.State.PENDING if message.attempts or message.error:
            yield Step(message.next_at, "schedule", "info", _("Next try"))
        case Message.State.DEAD:
            text = ngettext("After %(n)d try", "After %(n)d tries", message.attempts) % {"n": message.attempts}
            yield Step(_end(message), "sms_failed", "bad", _("Given up"), (text,))
        case Message.State.EXPIRED:
            yield Step(_end(message), "timer_off", "idle", _("Too late to be sent"))
        case Message.State.CANCELLED:
            yield Step(_end(message), "cancel", "idle", _("Cancelled"))


def _attempt(attempt: Attempt) -> Iterator[Step]:
    tone, icon = looks.OUTCOMES.get(attempt.outcome, ("info", ""))
    name = attempt.provider.name if attempt.provider else attempt.provider_key
    lines = [looks.in_words(attempt.error_code, attempt.error)] if attempt.error_code or attempt.error else []
    if attempt.error and lines != [attempt.error]:
        lines.append(f"“{attempt.error}”")
    if attempt.repeats:
        lines.append(_("An earlier try may have arrived: this may be a second copy."))
    if attempt.ended_at:
        took = (attempt.ended_at - attempt.started_at).total_seconds()
        lines.append(_("answered after {seconds} s").format(seconds=f"{took:.2f}"))
    title = f"{name}: {attempt.get_outcome_display()}"
    yield Step(attempt.started_at, icon or "send", tone, title, tuple(lines), attempt.error_code)
    if attempt.receipt_at:
        arrived = attempt.receipt == Attempt.Receipt.DELIVERED
        said = (looks.in_words(attempt.receipt_code),) if attempt.receipt_code and not arrived else ()
        title = _("Receipt: it is on the telephone") if arrived else _("Receipt: it was not delivered")
        yield Step(
            attempt.receipt_at,
            "mark_chat_read" if arrived else "sms_failed",
            "ok" if arrived else "bad",
            title,
            said,
            attempt.receipt_code,
        )


def _end(message: Message) -> datetime:
    return message.finished_at or message.created_at


def _person_url(message: Message, user: Any) -> str:
    reach = getattr(user, "reach", None)
    person = message.person
    if person is None or reach is None or not user.has_perm("accounts.view_user") or not reach.covers(person):
        return ""
    return reverse("admin:accounts_user_change", args=(person.pk,))
