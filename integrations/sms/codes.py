"""Codes of six digits that people get by text message and type back.

    codes.ask(Asked(phone, Purpose.LOGIN, ip="203.0.113.7"))       # a row, for every number alike
    codes.take(phone, Purpose.LOGIN, "492039")                      # True once, for whoever brings the right one

At the door nobody looks whose number it is: a worker does (`answer`), by the function that SMS_CODE_RECIPIENT names. Only then
the code is made; it stands sealed in its message until that is sent, and as a keyed hash in its row.
"""

import secrets
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.module_loading import import_string

from integrations.sms.models import Refusal, VerificationCode
from integrations.sms.services import messages
from integrations.sms.shield import Asked, budget, passing, refusals
from integrations.sms.shield.errors import BudgetSpent
from project.core import jobs
from project.core.jobs import LeaseLost

log = structlog.get_logger(__name__)

Purpose = VerificationCode.Purpose
DIGITS = 6
TEMPLATE = "verification"


class Recipient(NamedTuple):
    """Whom a code is for."""

    person: Any
    language: str = ""


def ask(asked: Asked) -> None:
    """Note that a code is wanted; whether one is sent, a worker finds out. Call it outside of transactions.

    :raises TooManyCodes: when a limit is reached; says when to try again.
    """
    with passing(asked):
        expires_at = timezone.now() + timedelta(seconds=settings.SMS_CODE_SECONDS)
        more = {"language": _language(), "expires_at": expires_at, "created_by": asked.person}
        wanted = VerificationCode.objects.create(**more, **asked.as_row())
        jobs.wake(wanted)


def take(phone: str, purpose: str, code: str, *, about: str = "") -> bool:
    """Tell whether `code` is right, and use it up. Each call counts as a try, also of many at once.

    Call it outside of transactions: a try that is rolled back would not count.
    """
    newest = VerificationCode.objects.newest_of(phone, purpose, about)
    if newest is None:
        return False
    row = VerificationCode.objects.filter(pk=newest.pk)
    still_good = row.filter(used_at=None, expires_at__gt=timezone.now(), tries__lt=settings.SMS_CODE_TRIES)
    if not still_good.update(tries=F("tries") + 1):
        row.update(tries=F("tries") + 1)
        return False
    if not _is_right(newest, code):
        return False
    return bool(row.filter(used_at=None).update(used_at=timezone.now()))


def answer(wanted: VerificationCode) -> None:
    """Send a code to whoever is meant, if somebody is and it is not too late."""
    try:
        budget.ensure_left()  # of numbers that nobody has it is noted like of all
        _send(wanted)
    except BudgetSpent as why:
        budget.tell_spent()
        refusals.note(_asked(wanted), why)
        wanted.move("done")


def _send(wanted: VerificationCode) -> None:
    with transaction.atomic():
        meant: Recipient | None = import_string(settings.SMS_CODE_RECIPIENT)(wanted)
        if meant is None or wanted.is_over:
            wanted.move("done")
            return
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        message = messages.enqueue(
            phone=wanted.phone,
            template=TEMPLATE,
            parameters={"minutes": str(settings.SMS_CODE_SECONDS // 60)},
            secret={"code": code},
            language=meant.language or wanted.language or settings.LANGUAGE_CODE,
            purpose=wanted.purpose,
            person=meant.person,
            expires_at=wanted.expires_at,
        )
        if not wanted.move("done", code_hash=_hashes(wanted, code)[0], message=message):
            raise LeaseLost  # another worker answers: this message must not go out


def purge() -> int:
    """Forget codes that no limit counts any more; return how many."""
    before = timezone.now() - timedelta(days=settings.SMS_CODE_DAYS)
    return VerificationCode.objects.filter(created_at__lt=before).delete()[0]


def forget(phone: str) -> None:
    """Forget what was asked for and refused about a number: nobody we know has it any more."""
    for kind in (VerificationCode, Refusal):
        kind._default_manager.filter(phone=phone).delete()


def _asked(wanted: VerificationCode) -> Asked:
    return Asked(wanted.phone, wanted.purpose, wanted.about, wanted.ip or "", person=wanted.created_by)


def _language() -> str:
    spoken = translation.get_language() or ""
    return spoken if spoken in dict(settings.LANGUAGES) else ""


def _is_right(wanted: VerificationCode, code: str) -> bool:
    # not any(): all are compared, whichever is right
    return sum(constant_time_compare(wanted.code_hash, one) for one in _hashes(wanted, code)) > 0


def _hashes(wanted: VerificationCode, code: str) -> list[str]:
    """The keyed hash to keep, then those an older SECRET_KEY would have made."""
    bound = "\0".join((str(wanted.pk), wanted.phone, wanted.purpose, wanted.about, code))
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac("integrations.sms.code", bound, secret=key, algorithm="sha256").hexdigest() for key in keys]
