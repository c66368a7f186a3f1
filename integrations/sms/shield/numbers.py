"""Which numbers are served at all."""

import phonenumbers
from django.conf import settings

from integrations.sms import phones
from integrations.sms.models import Refusal
from integrations.sms.shield.errors import NumberNotServed

Kind = phonenumbers.PhoneNumberType
EXPENSIVE = {Kind.PREMIUM_RATE, Kind.SHARED_COST, Kind.UAN, Kind.PAGER, Kind.VOICEMAIL, Kind.TOLL_FREE, Kind.VOIP}
"""Kinds whose owners are paid for what is sent there, or which are no telephones."""


def ensure_served(phone: str) -> None:
    """Refuse numbers of other countries, of expensive kinds, and those that begin with SMS_BLOCKED_PREFIXES.

    :raises NumberNotServed: naming the limit.
    """
    if settings.SMS_COUNTRIES and phones.prefix_of(phone) not in settings.SMS_COUNTRIES:
        raise NumberNotServed(limit=Refusal.Limit.NOT_SERVED)
    is_expensive = phonenumbers.number_type(phonenumbers.parse(phone)) in EXPENSIVE
    if is_expensive or phone.startswith(tuple(settings.SMS_BLOCKED_PREFIXES)):
        raise NumberNotServed(limit=Refusal.Limit.BLOCKED)
