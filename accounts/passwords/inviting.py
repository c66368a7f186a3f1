"""Invitations to choose a password: by mail and, to who has no address, by text message."""

from typing import Any

from accounts.models import PasswordLink, User
from accounts.passwords import links
from integrations.sms import people, phones, routing
from integrations.sms import services as text_messages
from integrations.sms.shield import budget

TEMPLATE = PURPOSE = "invitation"
MAY_TEXT = "sms.send_message"


def goes_to(person: User, by: Any) -> str:
    """Return where an invitation that `by` sends would go, a number in part only; "" where it cannot be sent."""
    if not person.is_active:
        return ""
    return person.email or phones.masked(_number_of(person, by))


def send(person: User, by: Any) -> PasswordLink | None:
    """Send somebody a link, in the caller's transaction; None when there is no way to them.

    :raises BudgetSpent: when it would be a text message, and the day's money for these is spent.
    """
    if person.email:
        return links.send(person, links.Purpose.INVITATION)
    number = _number_of(person, by)
    if not number:
        return None
    budget.ensure_left()
    token, link = links.make(person, links.Purpose.INVITATION, phone=str(person.phone))
    text_messages.enqueue(
        phone=number,
        template=TEMPLATE,
        parameters={"name": person.username, "days": str(links.GOOD_FOR[links.Purpose.INVITATION].days)},
        secret={"link": links.address_of(token)},
        language=people.language_of(person),
        purpose=PURPOSE,
        person=person,
        asked_by=by,
        expires_at=link.expires_at,
    )
    return link


def _number_of(person: User, by: Any) -> str:
    """The number in E.164 that may be written to; not one that somebody only said was theirs."""
    claimed = not person.phone or person.phone == person.phone_claimed
    allowed = by is None or by.has_perm(MAY_TEXT)
    return people.number_of(person) if allowed and not claimed and routing.may_carry() else ""
