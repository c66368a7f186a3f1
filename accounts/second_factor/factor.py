"""How somebody comes to a second factor, and gets rid of it."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import alarms, errors
from accounts.models import Role, SecondFactor, User
from accounts.second_factor import codes
from project.core import audit

ISSUER = "Gatehouse"


class State(NamedTuple):
    """What somebody may know about their second factor."""

    enabled: bool
    required: bool
    since: datetime | None
    recovery_codes_left: int


def state_of(user: User) -> State:
    """Return whether `user` has a second factor, since when, and what is left of their recovery codes."""
    factor = SecondFactor.objects.confirmed().filter(user=user).first()
    left = factor.recovery_codes.filter(used_at=None).count() if factor else 0
    return State(factor is not None, is_required_of(user), factor.confirmed_at if factor else None, left)


def is_required_of(user: User) -> bool:
    """Tell whether one of the person's roles, or what they are, demands a second factor."""
    if user.is_superuser and settings.SUPERUSER_SECOND_FACTOR:
        return True
    return Role.objects.filter(group__user=user, second_factor_required=True).exists()


def is_asked_of(user: User) -> bool:
    """Tell whether a password alone does not let `user` in."""
    return SecondFactor.objects.confirmed().filter(user=user).exists() or is_required_of(user)


def locked(user: User) -> SecondFactor | None:
    """Return the person's factor, confirmed or not, with its row locked: who checks a code needs that."""
    return SecondFactor.objects.select_for_update().filter(user=user).first()


def begin(user: User, *, begun_for: str) -> SecondFactor:
    """Return a factor to be set up: a new secret, or the one shown to the same session or challenge before.

    :raises HasSecondFactor: when the person has one already.
    """
    if not SecondFactor.objects.filter(user=user).exists():
        # in no transaction with what follows: MariaDB would lock the row of who was faster, and two could wait for each other
        begun = SecondFactor(user=user, secret=codes.new_secret(), begun_for=begun_for)
        SecondFactor.objects.bulk_create([begun], ignore_conflicts=True)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().get(user=user)
        if factor.confirmed_at is not None:
            raise errors.HasSecondFactor
        if factor.begun_for != begun_for:
            factor.secret, factor.begun_for, factor.last_step = codes.new_secret(), begun_for, 0
            factor.save(update_fields=["secret", "begun_for", "last_step"])
    return factor


def confirm(factor: SecondFactor, code: str) -> list[str] | None:
    """Take the first code of a factor that is set up; return the recovery codes, None when the code is wrong.

    The caller holds the row's lock.
    """
    if not codes.accept(factor, code):
        return None
    factor.confirmed_at = timezone.now()
    factor.save(update_fields=["confirmed_at"])
    made = codes.replace_recovery_codes(factor)
    audit.record("second_factor.added", factor.user, actor=factor.user)
    tell(factor.user, "added", _("A second factor was added to your account."))
    return made


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replace the person's recovery codes and return them, this once.

    :raises NoSecondFactor: when they have no second factor.
    """
    made = codes.replace_recovery_codes(_confirmed(user))
    audit.record("second_factor.recovery_codes", user, actor=user)
    tell(user, "codes", _("Your recovery codes were replaced."))
    return made


@transaction.atomic
def remove(user: User, *, by: User | None, reason: str = "") -> None:
    """Let the password alone suffice again, and say so to the person.

    Whether `by` may, is the caller's question (services.remove_second_factor asks the rank).

    :raises NoSecondFactor: when there is none.
    """
    _confirmed(user).delete()
    audit.record("second_factor.removed", user, actor=by, reason=reason)
    tell(user, "removed", _("The second factor of your account was removed."), by=by)


def to_show(factor: SecondFactor) -> dict[str, str]:
    """Return what an app needs of a factor that is set up: the secret to type, and the address a QR code holds."""
    secret = codes.base32(codes.secret_of(factor))
    asked = {"secret": secret, "issuer": ISSUER, "algorithm": "SHA1", "digits": codes.DIGITS, "period": codes.STEP}
    return {
        "secret": secret,
        "otpauth_uri": f"otpauth://totp/{ISSUER}:{quote(factor.user.username)}?{urlencode(asked)}",
    }


def tell(user: User, what: str, text: Promise, *, by: User | None = None) -> None:
    """Tell the person: by mail, and in a line on their open pages."""
    staff = by.get_full_name() if by is not None and by.pk != user.pk else ""
    values = {"what": what, "by": staff, "happened_at": timezone.now()}
    with translation.override(user.language or settings.LANGUAGE_CODE):
        alarms.tell(user, "second_factor", values, {"kind": "second_factor", "text": str(text)})


def _confirmed(user: User) -> SecondFactor:
    factor = locked(user)
    if factor is None or factor.confirmed_at is None:
        raise errors.NoSecondFactor
    return factor
