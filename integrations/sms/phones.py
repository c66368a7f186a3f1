"""Phone numbers: one way to write them, and whom we count them to."""

import re
import unicodedata

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.core.errors import InvalidParameters

CHINA = 86
CHINESE_CODE = f"+{CHINA}"
CHINESE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
"""The house's own rule, also for prefixes that are newer than the tables of `phonenumbers`. Such a number needs no code."""
BETWEEN_DIGITS = re.compile(r"[\s().\-‐-―−]+")
"""Spaces, brackets, dots, hyphens and dashes of every kind."""
PART_OF_A_NUMBER = re.compile(r"\+?[0-9]+")
LONGEST = 40
SHOWN_DIGITS = 4


class NotAPhoneNumber(InvalidParameters):
    """What was given is no mobile number that can be written to; `fields` names it."""

    message = _("This is not a mobile number: {phone}")

    def __init__(self, phone: str) -> None:
        wrong = _("Enter a mobile number, with its country code (+…) unless it is a number of this country.")
        super().__init__(fields={"phone": [wrong]}, phone=phone[:LONGEST])


def parse(text: str, region: str | None = None) -> str:
    """Return the number in E.164 ("+8613800000000").

    :param region: the country of numbers without a code, as ISO 3166; by default SMS_REGION. What is written as rows keep
        a Chinese number is one in every house.
    :raises NotAPhoneNumber: when nobody could be written to there.
    """
    region = settings.SMS_REGION if region is None else region
    if CHINESE_MOBILE.fullmatch(text):
        return CHINESE_CODE + text
    if len(text) > LONGEST:
        raise NotAPhoneNumber(text)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber(text) from None
    if number.extension or not _can_be_written_to(number):
        raise NotAPhoneNumber(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def as_kept(phone: str) -> str:
    """Return a number in E.164 as people's rows keep it: Chinese ones without their code, as people write them."""
    return phone.removeprefix(CHINESE_CODE)


def as_sent(phone: str) -> str:
    """Return a number of somebody's row in E.164."""
    return phone if phone.startswith("+") else CHINESE_CODE + phone


def part(text: str) -> str:
    """Return part of a number, however it is written, as it stands in a number in E.164; "" for what is no part of one."""
    bare = BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text[:LONGEST]))
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    return bare if PART_OF_A_NUMBER.fullmatch(bare) else ""


def part_as_kept(text: str) -> str:
    """Return part of a number, however it is written, as it stands in people's rows; "" for what is no part of one."""
    bare = part(text)
    without = bare.removeprefix("+").removeprefix(str(CHINA))
    return without if CHINESE_MOBILE.fullmatch(without) else bare.removeprefix(CHINESE_CODE)


def prefix_of(phone: str) -> int:
    """Return the calling code (86) of a number in E.164."""
    return phonenumbers.parse(phone).country_code or 0


def national(phone: str) -> str:
    """Return a number in E.164 without its calling code."""
    return phonenumbers.national_significant_number(phonenumbers.parse(phone))


def masked(phone: str) -> str:
    """Return the number as those see it who need not know it whole: "+86138****0000"."""
    kept = len(phone) - SHOWN_DIGITS
    hidden = min(SHOWN_DIGITS, max(kept - 1, 0))
    return phone[: kept - hidden] + "*" * hidden + phone[kept:]


def _can_be_written_to(number: phonenumbers.PhoneNumber) -> bool:
    if number.country_code == CHINA:
        return CHINESE_MOBILE.fullmatch(phonenumbers.national_significant_number(number)) is not None
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in mobile
