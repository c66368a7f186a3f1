"""Text messages, and the codes they carry."""

import re
from dataclasses import dataclass
from decimal import Decimal

import phonenumbers

from project.env import kinds as kind
from project.env.declaring import variable

PER = {"min": 60, "h": 3600, "day": 86_400}


def region(given: str) -> str:
    """A country in two capital letters (ISO 3166)."""
    if given not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(given)
    return given


def limits(given: str) -> list[tuple[int, int]]:
    """A list of limits such as 1/min,5/h,10/day; 0: without limit."""
    if given == "0":
        return []
    found = []
    for word in kind.words(given):
        match = re.fullmatch(r"(\d{1,6})/(min|h|day)", word)
        if not match or not int(match[1]):
            raise ValueError(word)
        found.append((int(match[1]), PER[match[2]]))
    if not found:
        raise ValueError(given)
    return found


def calling_codes(given: str) -> list[int]:
    """A list of country codes such as +86,+852; *: all."""
    if given == "*":
        return []
    found = kind.words(given)
    if not found or not all(re.fullmatch(r"\+[1-9]\d{0,2}", word) for word in found):
        raise ValueError(given)
    return [int(word) for word in found]


def number_prefixes(given: str) -> list[str]:
    """A list of beginnings of numbers, with country code, such as +86170,+86171."""
    found = kind.words(given)
    if not all(re.fullmatch(r"\+[1-9]\d{1,14}", word) for word in found):
        raise ValueError(given)
    return found


def money(given: str) -> Decimal:
    """An amount of money, such as 100 or 99.50; 0: without limit."""
    if not re.fullmatch(r"\d{1,8}(\.\d{1,4})?", given):
        raise ValueError(given)
    return Decimal(given)


def currency(given: str) -> str:
    """A currency in three capital letters (ISO 4217)."""
    if not re.fullmatch("[A-Z]{3}", given):
        raise ValueError(given)
    return given


@dataclass(frozen=True, kw_only=True)
class TextMessages:
    """Text messages."""

    SMS_REGION: str = variable(
        "CN", region, "The country of phone numbers that are given without its code.", example="SG"
    )
    SMS_AT_ONCE: int = variable(
        "16", kind.integer(1, 64), "Text messages a worker sends at the same time when many wait."
    )
    SMS_READ_SECONDS: int = variable(
        "5", kind.integer(1, 7), "How long a provider of text messages is waited for, once it has the request."
    )
    SMS_DAYS: int = variable("180", kind.integer(1, 36_500), "Days text messages are kept.")
    SMS_CURRENCY: str = variable("CNY", currency, "What text messages are paid in.", example="SGD")
    SMS_SIGN_IN: bool = variable(
        "true", kind.boolean, "May people sign in, and choose a new password, with a code by text message?"
    )
    SMS_VERIFIED_ONLY: bool = variable(
        "false",
        kind.boolean,
        "Only with numbers that a code has shown to be theirs before, not those that staff typed?",
    )
    SMS_CODE_SECONDS: int = variable("300", kind.integer(60, 600), "How long a code by text message is good for.")
    SMS_CODE_TRIES: int = variable("5", kind.integer(1, 10), "Tries after which a code is void.")
    SMS_CAPTCHA_AFTER: int = variable(
        "3",
        kind.integer(0, 1000),
        "Codes for one phone within an hour, or ten times as many from one address, after which a captcha comes first.",
    )
    SMS_LIMIT_PHONE: list[tuple[int, int]] = variable("1/min,5/h,10/day", limits, "Codes for one phone number.")
    SMS_LIMIT_ADDRESS: list[tuple[int, int]] = variable(
        "20/min,60/h,200/day", limits, "Codes asked for from one address; a whole office may share one."
    )
    SMS_LIMIT_NETWORK: list[tuple[int, int]] = variable(
        "40/min,120/h,400/day", limits, "Codes asked for from one network: a /24, of IPv6 a /64."
    )
    SMS_LIMIT_DEVICE: list[tuple[int, int]] = variable(
        "5/min,20/h,40/day", limits, "Codes asked for by one device, as far as it says which it is."
    )
    SMS_LIMIT_COUNTRY: list[tuple[int, int]] = variable(
        "200/min,2000/h,10000/day", limits, "Codes for the numbers of one country."
    )
    SMS_LIMIT_PURPOSE: list[tuple[int, int]] = variable(
        "100/min,1000/h,5000/day", limits, "Codes for one purpose, each of: sign-in, binding, reset, confirming."
    )
    SMS_COUNTRIES: list[int] = variable(
        "+86", calling_codes, "Countries whose numbers get codes.", example="+86,+852,+65"
    )
    SMS_BLOCKED_PREFIXES: list[str] = variable(
        "",
        number_prefixes,
        "Beginnings of numbers that get no codes, besides those that cost more than others.",
        example="+86170,+86171",
    )
    SMS_DAILY_BUDGET: Decimal = variable(
        "100",
        money,
        "Money a day for text messages, in `SMS_CURRENCY`: staff are told at 80 %, and no codes are sent beyond it.",
        example="250.00",
    )
    SMS_CONVERSION_PERCENT: int = variable(
        "20", kind.integer(0, 100), "Staff are told when fewer of a day's codes to a country are used; 0: never."
    )
    SMS_CONVERSION_LEAST: int = variable("20", kind.integer(1, 100_000), "… of at least so many.")
    SMS_CODE_DAYS: int = variable("30", kind.integer(2, 3650), "Days it is kept that a code was asked for.")
    SMS_REFUSAL_DAYS: int = variable("90", kind.integer(1, 3650), "Days it is kept that a code was refused.")
