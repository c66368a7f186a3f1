"""“I forgot my password”: what is done at the door, and what a worker does of it later.

At the door nobody looks who was meant: a row is written for every name, so that known and unknown ones get the same answer
after the same work. Limits are counted from those rows, so they hold on every node and without any cache, and names
nobody has are limited like the others.
"""

import unicodedata
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import captcha, sign_in
from accounts.models import PasswordLink, PasswordRequest, User
from accounts.passwords import links
from accounts.sign_in import Caller
from project.core import audit, jobs
from project.core.errors import TooManyRequests

log = structlog.get_logger(__name__)

WINDOW = timedelta(minutes=15)
OF_ONE_NAME = 10
FREE_FROM_ONE_ADDRESS = 20
"""From then on a captcha comes before each: a whole office may come from one address."""
FROM_ONE_ADDRESS = 50
TO_ONE_PERSON = 3
"""Mails within the window, under whatever name and from wherever they were asked for."""


def ask(name: str, caller: Caller, solution: str = "") -> None:
    """Note that somebody, whose user name or mail address this is said to be, forgot their password.

    :param solution: of a captcha.
    :raises AddressRefused: when nobody may come in from there.
    :raises TooManyRequests: after many for one name or from one address; says when to try again.
    :raises CaptchaRequired: after some from one address.
    """
    name = _plain(name)
    sign_in.ensure_address(name[:150], None, caller)
    now = timezone.now()
    of_late = PasswordRequest.objects.filter(created_at__gt=now - WINDOW)
    opens_at = max(
        _opens_at(of_late.filter(name=name), OF_ONE_NAME, now),
        _opens_at(of_late.filter(ip=caller.ip or None), FROM_ONE_ADDRESS, now),
    )
    if opens_at > now:
        raise TooManyRequests(retry_after=max(1, round((opens_at - now).total_seconds())))
    if (level := captcha_level(caller.ip)) is not None:
        captcha.ensure(captcha.Purpose.PASSWORD_RESET, name, solution, level=level)
    with transaction.atomic():
        jobs.wake(PasswordRequest.objects.create(name=name, ip=caller.ip or None))


def captcha_level(ip: str) -> int | None:
    """How hard the captcha is that comes before the next request from an address; None: there is none yet."""
    after = settings.CAPTCHA_AFTER_FAILURES
    of_late = PasswordRequest.objects.filter(created_at__gt=timezone.now() - WINDOW, ip=ip or None)
    # who asks for one before each sign-in asks for one here too
    beyond = of_late.count() - (FREE_FROM_ONE_ADDRESS if after else 0)
    return None if after < 0 or beyond < 0 else beyond


def answer(request: PasswordRequest) -> None:
    """Mail a link to who was meant, if there is exactly one such person who may sign in and has a mail address."""
    person = _meant(request.name)
    if person is not None and person.email:
        _send(person, request)
    request.move("done")


def purge() -> int:
    """Forget what was asked for long ago; return how many."""
    return PasswordRequest.objects.filter(created_at__lt=timezone.now() - PasswordRequest.KEPT).delete()[0]


@transaction.atomic
def _send(person: User, request: PasswordRequest) -> None:
    # the person's row makes those who count come one after the other
    User.objects.get_queryset().select_for_update().filter(pk=person.pk).first()
    sent = PasswordLink.objects.filter(user=person, purpose=links.Purpose.RESET, created_at__gt=timezone.now() - WINDOW)
    if sent.count() >= TO_ONE_PERSON:
        log.warning("password_reset.too_many", user=person.pk)
        return
    links.send(person, links.Purpose.RESET)
    audit.record("user.password_link_asked", person, asked_from=request.ip or "")


def _meant(name: str) -> User | None:
    """By user name, or else by mail address; nobody when several could be meant."""
    people = User.objects.active()
    for found in (people.filter(username__iexact=name), people.filter(email__iexact=name)):
        match list(found[:2]):
            case [one]:
                return one
            case [_, _]:
                return None
    return None


def _plain(name: str) -> str:
    """One form for all spellings of a name."""
    return unicodedata.normalize("NFKC", name).replace("\0", "").strip().lower()[:254]


def _opens_at(rows: "QuerySet[PasswordRequest]", allowed: int, now: datetime) -> datetime:
    newest_first = rows.order_by("-created_at").values_list("created_at", flat=True)
    oldest_of_enough = newest_first[allowed - 1 : allowed].first()
    return oldest_of_enough + WINDOW if oldest_of_enough else now
