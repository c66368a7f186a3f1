"""Codes by text message: whose a number is, the door at which codes are asked for, and what a wrong one costs.

Nothing here tells a stranger whether a number belongs to an account: a code may be asked for with any number, refusals count
numbers that nobody has like others, and a code that never was sent is wrong like one that was mistyped.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts import captcha, errors, sign_in
from accounts.models import LoginEvent, LoginSession, User
from accounts.sign_in import Caller
from integrations.sms import codes, phones, routing, shield
from integrations.sms.errors import NotAPhoneNumber
from integrations.sms.models import VerificationCode
from integrations.sms.shield import Asked
from integrations.sms.shield.passing import ensure_worth_asking

Purpose = VerificationCode.Purpose
OF_STRANGERS = frozenset({Purpose.LOGIN, Purpose.RESET})
"""What somebody may want a code for who is not signed in."""
WINDOW = timedelta(hours=1)
CAPTCHA_ADDRESS = 10
"""So many times more codes make an address solve a captcha for all numbers: a whole office may share one."""


def as_asked(text: str) -> str:
    """Return a number as captchas and limits know it, however it was written; what is none stays as it is."""
    try:
        return phones.parse(text)
    except NotAPhoneNumber:
        return text


def is_offered() -> bool:
    """Is signing in by text message of use here: is it allowed, and is there somebody to carry the codes?"""
    return bool(settings.SMS_SIGN_IN) and routing.may_carry()


def owner_of(phone: str) -> User | None:
    """Return who may show by a code to this number who they are; not somebody who only said that it is theirs."""
    kept = phones.as_kept(phone)
    person = User.objects.active().filter(phone=kept).exclude(phone_claimed=kept).first()
    if person is None or (settings.SMS_VERIFIED_ONLY and not person.has_verified_phone):
        return None
    return person


def recipient(wanted: VerificationCode) -> codes.Recipient | None:
    """SMS_CODE_RECIPIENT: return whom a code is for, None when it is for nobody."""
    person = _meant(wanted)
    return codes.Recipient(person, person.language) if person else None


def ask(number: str, purpose: str, caller: Caller, *, solution: str = "", person: User | None = None) -> None:
    """Note that somebody wants a code; whether they get one, they see on their phone.

    :param solution: of a captcha.
    :param person: who is signed in and asks.
    :raises NotAPhoneNumber, NumberNotServed: when no code could be sent to such a number, whoever has it.
    :raises AddressRefused: when nobody may come in from there.
    :raises TooManyCodes, BudgetSpent: when too many were asked for; says when to try again.
    :raises CaptchaRequired: after some.
    """
    phone = phones.parse(number)
    if person is None:
        _ensure_on()
        sign_in.ensure_address(phone, None, caller)
    asked = Asked(phone, purpose, _about(purpose, caller, person), caller.ip, caller.mark, person)
    ensure_worth_asking(asked)
    if person is None and (level := captcha_level(phone, caller.ip)) is not None:
        captcha.ensure(captcha.Purpose.SMS, phone, solution, level=level)
    codes.ask(asked)


def captcha_level(phone: str, ip: str) -> int | None:
    """How hard the captcha is that comes before the next code for a number; None: there is none yet."""
    if not captcha.is_on():
        return None
    # who asks for one before each sign-in asks for one here too
    after = settings.SMS_CAPTCHA_AFTER if settings.CAPTCHA_AFTER_FAILURES else 0
    of_phone, from_here = shield.pressure(phone, ip, WINDOW)
    beyond, beyond_here = of_phone - after, from_here - after * CAPTCHA_ADDRESS
    return None if max(beyond, beyond_here) < 0 else max(beyond, beyond_here // CAPTCHA_ADDRESS, 0)


def take(number: str, purpose: str, code: str, caller: Caller) -> User:
    """Return whose number it is if `code` is right; it is used up. For who is not signed in.

    :raises WrongCode: when it is wrong, used, too late, was never sent, or its person may not come in.
    :raises AddressRefused: when nobody may come in from there.
    :raises Locked: after too many wrong ones for this number, or too many failures of its person.
    """
    phone = phones.parse(number)
    _ensure_on()
    person = owner_of(phone)
    sign_in.ensure_address(phone, person, caller)
    # by the number: by the person's name a stranger would learn from a lock whose number it is
    sign_in.ensure_open(phone, person, caller)
    if not codes.take(phone, purpose, code, about=_about(purpose, caller)) or person is None:
        sign_in.note(phone, person, caller, LoginEvent.Reason.WRONG_CODE)
        raise errors.WrongCode
    sign_in.ensure_open(person.username, person, caller)
    verified(person)
    return person


def check(person: User, number: str, purpose: str, code: str, caller: Caller) -> str:
    """Ask somebody who is signed in for a code that went to `number`; return the number in E.164.

    :raises WrongCode: when it is wrong, used, too late, or was never sent.
    :raises Locked: after too many failures.
    """
    phone = phones.parse(number)
    sign_in.ensure_open(person.username, person, caller)
    if not codes.take(phone, purpose, code, about=_about(purpose, caller, person)):
        sign_in.note(person.username, person, caller, LoginEvent.Reason.WRONG_CODE)
        raise errors.WrongCode
    return phone


def own_phone(person: User) -> str:
    """Return the person's number in E.164.

    :raises NoVerifiedPhone: when they have none that a code has shown to be theirs.
    """
    if not person.phone or not person.has_verified_phone:
        raise errors.NoVerifiedPhone
    return phones.as_sent(person.phone)


def verified(person: User) -> None:
    """Note that a code has shown the person's number to be theirs, if they still have it."""
    if person.has_verified_phone:
        return
    proof = {"phone_verified": person.phone, "phone_claimed": "", "phone_verified_at": timezone.now()}
    if User.objects.filter(pk=person.pk, phone=person.phone).update(**proof):
        for name, value in proof.items():
            setattr(person, name, value)


def _meant(wanted: VerificationCode) -> User | None:
    match wanted.purpose:
        case Purpose.LOGIN:
            person = owner_of(wanted.phone)
            may_enter = person is not None and (wanted.about != LoginSession.Scope.ADMIN or person.is_staff)
            return person if may_enter else None
        case Purpose.RESET:
            return owner_of(wanted.phone)
        case Purpose.CONFIRM:
            person = User.objects.active().filter(pk=wanted.about, phone=phones.as_kept(wanted.phone)).first()
            return person if person is not None and person.has_verified_phone else None
        case _:
            return User.objects.active().filter(pk=wanted.about).first()


def _about(purpose: str, caller: Caller, person: User | None = None) -> str:
    """What a code is bound to besides its number: the door it opens, or who asked for it."""
    if person is not None:
        return str(person.pk)
    return caller.scope if purpose == Purpose.LOGIN else ""


def _ensure_on() -> None:
    if not settings.SMS_SIGN_IN:
        raise errors.NotByPhone
