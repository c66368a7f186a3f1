"""Links with which people choose a password without the old one: sent by mail or text message, good once, for a while.

The table keeps a hash of each, so it lets nobody in; so does the row of the mail or message once that is sent. A link is void
when its person has got a new password, has another mail address or number than it went to, or is not active.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import mails
from accounts.models import PasswordLink, User

Purpose = PasswordLink.Purpose
GOOD_FOR = {Purpose.RESET: timedelta(minutes=30), Purpose.INVITATION: timedelta(hours=72)}


def send(person: User, purpose: str) -> PasswordLink:
    """Mail a new link to `person`, who has an address."""
    token, link = make(person, purpose)
    values = {"link": address_of(token), "until_at": link.expires_at}
    mails.send(person, f"password_{purpose}", values, good_for=GOOD_FOR[Purpose(purpose)])
    return link


def address_of(token: str) -> str:
    """Return what somebody opens in a browser to choose their password."""
    return f"{settings.PUBLIC_URL}{reverse('dashboard:new_password')}?token={token}"


def make(person: User, purpose: str, *, phone: str = "") -> tuple[str, PasswordLink]:
    """Return a new link and its secret, for somebody who has shown in another way that it is theirs.

    :param phone: the number it goes to, as it stands in their row.
    """
    token, now = secrets.token_urlsafe(32), timezone.now()
    link = PasswordLink.objects.create(
        token_hash=_hash(token),
        user=person,
        purpose=purpose,
        address="" if phone else person.email,
        phone=phone,
        created_at=now,
        expires_at=now + GOOD_FOR[Purpose(purpose)],
    )
    return token, link


def open_link(token: str) -> PasswordLink | None:
    """Return the link if its person may choose a password with it."""
    return _good().filter(token_hash=_hash(token)).select_related("user").first()


def taken(token: str) -> PasswordLink | None:
    """Lock the link's person, so that nobody else chooses meanwhile, and return it; None when it is not good.

    Whoever comes second waits here, and finds no link any more once the first has got a password.
    """
    found = open_link(token)
    if found is None:
        return None
    User.objects.get_queryset().select_for_update().filter(pk=found.user_id).first()
    return open_link(token)


def void(person: User) -> None:
    """No link lets `person` choose a password any more."""
    PasswordLink.objects.filter(user=person).delete()


def forget_run_out() -> int:
    """Delete links whose time is over for long; return how many."""
    return PasswordLink.objects.filter(expires_at__lt=timezone.now() - PasswordLink.KEPT).delete()[0]


def _good() -> QuerySet[PasswordLink]:
    theirs = Q(phone="", address=F("user__email")) | Q(~Q(phone=""), phone=F("user__phone"))
    return PasswordLink.objects.filter(theirs, expires_at__gt=timezone.now(), user__is_active=True)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
