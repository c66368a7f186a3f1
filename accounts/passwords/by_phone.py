"""“I forgot my password”, for who has their phone at hand: a code instead of a mail gives the link's secret."""

from accounts import phone_codes
from accounts.models import PasswordLink
from accounts.passwords import links
from accounts.phone_codes import Purpose
from accounts.sign_in import Caller, Method
from project.core import audit


def link_for(*, phone: str, code: str, caller: Caller) -> tuple[str, PasswordLink]:
    """Return a secret with which whoever has the phone may choose a password, once.

    :raises WrongCode: for a wrong code and for a number that nobody has, alike.
    :raises NotAPhoneNumber, NotByPhone, AddressRefused, Locked: see `phone_codes.take`.
    """
    person = phone_codes.take(phone, Purpose.RESET, code, caller._replace(method=Method.SMS))
    token, link = links.make(person, links.Purpose.RESET)
    audit.record("user.password_link_asked", person, asked_from=caller.ip, by="sms")
    return token, link
