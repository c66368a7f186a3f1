"""Opening what too many failures have locked, before it opens by itself."""

import ipaddress

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import locked_out, sign_in
from accounts.models import User
from accounts.services import guards
from integrations.sms import phones
from project.core import audit


def unlock_user(*, user: User, by: User | None, reason: str = "") -> None:
    """Let somebody try again at once, with passwords and with codes by text message, from everywhere but a locked address.

    :raises NotAbove: unless `by` stands above them.
    """
    guards.ensure_above(by, user)
    sign_in.unlock(user.username, user)
    if user.phone:
        sign_in.unlock(phones.as_sent(user.phone), user)
    audit.record("user.unlocked", user, actor=by, reason=reason)


def unlock_name(*, username: str, by: User | None, reason: str = "") -> None:
    """Likewise for whoever has the user name, or the phone number in E.164; it may be nobody's.

    :raises NotAbove: when it is somebody's, and `by` does not stand above them.
    """
    name = sign_in.username_as_kept(username)
    user = locked_out.owner_of(name)
    if user is not None:
        unlock_user(user=user, by=by, reason=reason)
        return
    sign_in.unlock(name)
    audit.record("sign_in.unlocked", actor=by, reason=reason, username=name)


def unlock_address(*, ip: str, by: User | None, reason: str = "") -> None:
    """Let everybody at an address try again at once; names that are locked stay so.

    :raises ValidationError: when it is no address.
    """
    try:
        address = str(ipaddress.ip_address(ip.strip()))
    except ValueError as problem:
        told = _("Expected an address such as 203.0.113.7 or 2001:db8::7, not “{given}”.").format(given=ip[:100])
        raise ValidationError({"ip": told}) from problem
    sign_in.unlock_address(address)
    audit.record("sign_in.address_unlocked", actor=by, reason=reason, address=address)
