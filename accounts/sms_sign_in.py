"""Signing in with a code that came by text message: the first step, in place of the password.

Everything behind it is as after a password: a second factor is asked for, sessions displace each other, locks and address
rules hold, and each attempt is a row of the log.
"""

from accounts import errors, phone_codes, sign_in
from accounts.models import LoginEvent, LoginSession, User
from accounts.phone_codes import Purpose
from accounts.sign_in import Caller, Method


def authenticate(*, phone: str, code: str, caller: Caller, staff_only: bool = False) -> User:
    """Return whose phone it is if the code is right; every attempt leaves a row.

    :raises WrongCode: for a wrong code, a number that nobody has, and a person who may not come in, all alike.
    :raises NotAPhoneNumber, NotByPhone, AddressRefused, Locked: see `phone_codes.take`.
    """
    caller = caller._replace(method=Method.SMS)
    person = phone_codes.take(phone, Purpose.LOGIN, code, caller)
    if staff_only and not person.is_staff:
        sign_in.note(person.username, person, caller, LoginEvent.Reason.NOT_STAFF)
        raise errors.WrongCode
    return person


def enter(*, phone: str, code: str, device: str, caller: Caller, instead_of: str = "") -> LoginSession:
    """Check the code and open a session.

    :raises WrongCode, Locked: see `authenticate`.
    :raises SecondFactorRequired: see `sign_in.ask_for_second_factor`.
    :raises TooManyDevices: see `sign_in.open_session`.
    """
    caller = caller._replace(method=Method.SMS)
    person = authenticate(phone=phone, code=code, caller=caller)
    sign_in.ask_for_second_factor(person, caller, device=device)
    session = sign_in.open_session(person, caller, device=device, instead_of=instead_of)
    sign_in.succeeded(person, session, caller)
    return session
