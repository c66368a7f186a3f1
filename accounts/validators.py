"""What a user name, password, phone number, code, time zone and picture must look like; one place for forms, API and sheets."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from integrations.sms import phones

AVATAR_MAX_BYTES = 2 * 1024**2


@deconstructible
class Pattern(RegexValidator):
    """A pattern that the whole text must match: a trailing line break does not slip through `$`."""

    def __call__(self, value: Any) -> None:
        if not isinstance(value, str) or not self._matches(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})

    @property
    def _matches(self) -> Callable[[str], object]:
        # compiled by RegexValidator, whatever its annotation says
        return cast("re.Pattern[str]", self.regex).fullmatch

    def accepts_all(self, values: Iterable[str]) -> bool:
        return all(map(self._matches, values))


@deconstructible
class Phone:
    """A mobile number: a Chinese one by its 11 digits alone, others with + and the country's code.

    Where SMS_REGION is another country, one of its numbers needs no code either.
    """

    def __call__(self, value: Any) -> None:
        self.kept(value)

    def kept(self, value: Any) -> str:
        """Return the number as people's rows keep it: 11 digits if it is Chinese, E.164 otherwise.

        :raises ValidationError: when it is none.
        """
        if isinstance(value, str) and phones.CHINESE_MOBILE.fullmatch(value):
            return value
        try:
            if isinstance(value, str) and (value.startswith("+") or settings.SMS_REGION != "CN"):
                return phones.as_kept(phones.parse(value))
        except phones.NotAPhoneNumber:
            pass
        raise ValidationError(self.message, code="phone", params={"value": value})

    def spelled(self, text: str) -> str:
        """Return the number as rows keep it; what is none as it is."""
        try:
            return self.kept(text)
        except ValidationError:
            return text

    @property
    def message(self) -> Any:
        if settings.SMS_REGION != "CN":
            return _("Enter a mobile number. One of another country begins with + and its code.")
        return _(
            "Enter a mobile number of 11 digits that begins with 13 to 19. One of another country begins with + and its code."
        )

    def accepts_all(self, values: Iterable[str]) -> bool:
        try:
            for value in values:
                self.kept(value)
        except ValidationError:
            return False
        return True


phone = Phone()
username = Pattern(
    r"[0-9A-Za-z]{6,30}",
    message=_("A user name has 6 to 30 letters and digits, and nothing else."),
    code="username",
)
password = Pattern(
    r"(?=[0-9A-Za-z]*[0-9])(?=[0-9A-Za-z]*[A-Za-z])[0-9A-Za-z]{6,16}",
    message=_("This password has 6 to 16 letters and digits, with at least one of each."),
    code="password",
)
"""The seed's rule: for sheets in its form. Everywhere else Django's validators judge a password."""
sms_code = Pattern(r"[0-9]{6}", message=_("The code has 6 digits."), code="sms_code")


@deconstructible
class NoControlCharacters:
    """Refuses what no name holds and some databases cannot store: NUL and its kin."""

    _found = re.compile(r"[\x00-\x1f\x7f]").search

    def __call__(self, value: str) -> None:
        if self._found(value):
            raise ValidationError(_("Control characters are not allowed."), code="control_characters")

    def accepts_all(self, values: Iterable[str]) -> bool:
        return not any(map(self._found, values))


no_control_characters = NoControlCharacters()


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(value: str) -> None:
    """Refuse what is not an IANA time zone such as Asia/Shanghai."""
    if value not in _time_zones():
        raise ValidationError(_("There is no such time zone."), code="time_zone")


def avatar_size(value: Any) -> None:
    """Refuse a picture above 2 MB before anything reads it."""
    if value.size > AVATAR_MAX_BYTES:
        raise ValidationError(_("A picture may have at most 2 MB."), code="too_large")
